"""How explanations are made, and what is left for after the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from explainer.cases import Asking, CaseMaker
from explainer.storage.tables import ExplanationRow
from explainer.view import CounterfactualView, counterfactual_view
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.texts import Request

Along = Callable[[Session, Sequence[ExplanationRow]], None]
"""Stores something of the caller's in the transaction of the explanations."""


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


@dataclass(frozen=True, slots=True)
class Unsought:
    """An explanation whose counterfactual has not been looked for yet.

    Attributes:
        id: The explanation's.
        item: What it is of,
        rank: and where it stood.
        asking: Whose list.
        cases: What ranked it then; something else may rank by the time that it is looked for.
    """

    id: str
    item: str
    rank: int
    asking: Asking
    cases: CaseMaker

    def find(self) -> CounterfactualView | None:
        """Look for it; None where the item was not in the list."""
        found = self.cases.counterfactual(self.asking, self.item, self.rank)
        return None if found is None else counterfactual_view(self.asking.history, found)


class Counterfactuals(Protocol):
    """Has counterfactuals found after explanations were shown."""

    def take(self, unsought: Sequence[Unsought]) -> None:
        """Have them found, when nobody waits for anything else; the explanations are stored."""
        ...
