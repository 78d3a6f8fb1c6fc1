"""How explanations are made, and what is left for after the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.texts import Request

Along = Callable[[Session, Sequence[ExplanationRow]], None]
"""Stores something of the caller's in the transaction of the explanations."""

Admit = Callable[[Session, Sequence[ExplanationRow]], Sequence[ExplanationRow]]
"""Returns which explanations are stored; called in their transaction before any of them is written."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How explanations are made.

    Attributes:
        ask: Whether to wait for the model; else what it has not written yet is upgraded later.
        surface: Where they will be shown; kept with them.
        along: Stores something in the same transaction.
    """

    ask: bool = True
    surface: str = ""
    along: Along | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An explanation whose text the model may still better."""

    id: str
    request: Request
    style: Style
    library: PromptLibrary


class Afterwards(Protocol):
    """Does what is left after the answer: jobs that are stored with the explanations."""

    def room(self, kind: str) -> int:
        """Return how many more jobs of a kind may be stored; about, when several ask at once."""
        ...

    def stored(self, unfinished: Sequence[Unfinished]) -> None:
        """Learn that jobs are stored, and of some of them what else they would have to be computed from again."""
        ...
