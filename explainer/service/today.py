"""What an item would be told of today, beside what was shown then: nothing is stored, and no model is asked."""

from __future__ import annotations

from dataclasses import dataclass

from explainer.pipeline import USUAL_LIST, Explainer
from explainer.service.why_not import Standing
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.style import Style
from explainer.writing.texts import Request, Written
from retriever.retrieve import Recommendation, met_items, rank_of


@dataclass(frozen=True, slots=True)
class Today:
    """Where the item stands with the user now.

    Attributes:
        standing: In their list, outranked, or met since; None where the recommender knows no such item any more.
        rank: Its rank; None where it has none.
        text: What would be told, from what was written before or a template; None where nothing would.
        causes: Ids of the behaviours that it would rest on.
        same_causes: Whether the text that was shown rests on these, too.
    """

    standing: Standing | None
    rank: int | None = None
    text: Written | None = None
    causes: frozenset[str] = frozenset()
    same_causes: bool = False


def today(explainer: Explainer, row: ExplanationRow) -> Today:
    """Return what would be told now of what an explanation is about."""
    asking = explainer.asking(row.user_id, None)
    cases = explainer.cases(asking)
    recommender, history = cases.recommender, asking.history
    if row.item_id not in recommender.catalogue:
        return Today(None)
    at, met = recommender.catalogue.position(row.item_id), met_items(recommender, history)
    if met[at]:
        return Today(Standing.MET)
    rank, score = rank_of(recommender, history, row.item_id, met)
    target = Recommendation(recommender.catalogue.items[at], rank, score, recommender.catalogue.is_cold(row.item_id))
    style = Style(row.locale, row.audience)
    case = cases.case(asking, target, style)
    (text,) = explainer.writer.write([Request(case.evidence, row.user_id)], style, ask=False)
    causes = frozenset(cited.behaviour_id for cited in case.evidence.behaviours)
    shown = frozenset(cited.behaviour_id for cited in row.evidence)
    listed = rank <= ((row.asked or {}).get("k") or USUAL_LIST)
    return Today(Standing.LISTED if listed else Standing.OUTRANKED, rank, text, causes, causes == shown)
