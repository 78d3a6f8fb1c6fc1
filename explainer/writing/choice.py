"""Which prompts a user gets: one library for everybody, or two between which users are split."""

from __future__ import annotations

from typing import Protocol

from explainer.evidence import stable_choice
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style

_PERCENT = 100


class PromptChoice(Protocol):
    """Knows the prompts of each user. A :class:`~explainer.writing.prompts.PromptLibrary` is one: everybody's own."""

    def for_user(self, user: str, style: Style) -> PromptLibrary:
        """Return the prompts that this user's texts are written with, now.

        Raises:
            PromptError: If there are none for this reader.
        """
        ...

    def of_version(self, version: str, style: Style) -> PromptLibrary:
        """Return the prompts of a version that some user got before.

        Raises:
            PromptError: If there are none of this version any more.
        """
        ...


def is_sent_over(user: str, split: str, percent: int) -> bool:
    """Return whether a split sends the user to its second version.

    Depends on user and split alone, so one user always sees one version; with a higher percentage whoever was sent over
    stays so, with a lower one whoever was not.

    Args:
        user: The user.
        split: Id of the split; another split draws other users.
        percent: How many of a hundred users are sent over.
    """
    return stable_choice(_PERCENT, split, user) < percent
