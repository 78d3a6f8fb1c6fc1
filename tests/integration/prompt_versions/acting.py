"""Whose prompts tests change, and what somebody is then told."""

from __future__ import annotations

from explainer.assembly import make_explainer
from explainer.settings import Settings
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style

PACKAGE = PromptLibrary().version(Style("en", "customer"))
CUSTOMER = Style()


def explained(home, user="c0"):
    (row,) = make_explainer(Settings(home=home)).explain_top(user, 1, reuse=True)
    return row
