"""How explanations are made, and what is left for after the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.orm import Session

from explainer.storage.tables import ExplanationRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.texts import Request

if TYPE_CHECKING:
    from explainer.pipeline import Explainer

Along = Callable[[Session, Sequence[ExplanationRow]], None]
"""Stores something of the caller's in the transaction of the explanations."""

Admit = Callable[[Session, Sequence[ExplanationRow]], Sequence[ExplanationRow]]
"""Returns which explanations are stored, as the first thing that their transaction does."""


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


class Upgrades(Protocol):
    """Has better texts written after the first ones were shown."""

    def room(self) -> int:
        """Return how many more may be asked for."""
        ...

    def take(self, unfinished: Sequence[Unfinished]) -> None:
        """Have them written, soon; they are stored and noted as awaited."""
        ...


class Counterfactuals(Protocol):
    """Has counterfactuals found after explanations were shown."""

    def take(self, explainer: Explainer, explanation_ids: Sequence[str]) -> None:
        """Have them found, when nobody waits for anything else.

        Args:
            explainer: What ranked; something else may serve by the time that they are looked for.
            explanation_ids: Of stored explanations.
        """
        ...
