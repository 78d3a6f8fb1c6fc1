"""A list whose items are to be explained, before anything but their ranks is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explainer.cases import Asking, CaseMaker
from explainer.rows import Stamp
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.prompts import PromptLibrary
from retriever.retrieve import Recommendation


@dataclass(frozen=True, slots=True)
class Due:
    """See the module.

    Attributes:
        asking: Whose list.
        ranking: What ranked it, and makes its cases.
        targets: Its items, best first.
        library: The prompts.
        stamp: For whom, and by what.
        shown: What was stored of it before and still holds, by item.
    """

    asking: Asking
    ranking: CaseMaker
    targets: tuple[Recommendation, ...]
    library: PromptLibrary
    stamp: Stamp
    shown: Mapping[str, ExplanationRow]

    @property
    def missing(self) -> list[Recommendation]:
        """The items that are still to be explained."""
        return [target for target in self.targets if target.item.id not in self.shown]
