"""Whose list an explanation was of, read again from its record: what counts is what counted then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import msgspec
import numpy as np
from sqlalchemy.orm import Session

from explainer.cases import Asking, Case
from explainer.pipeline import Explainer
from explainer.storage.catalogue import load_history
from explainer.storage.choices import load_choices
from explainer.storage.explanation_tables import ExplanationRow
from explainer.view import counterfactual_of
from explainer.writing.style import Style
from retriever.retrieve import Recommendation, met_items, rank_of


@dataclass(frozen=True, slots=True)
class Recalled:
    """See the module.

    Attributes:
        asking: Whose list, with the behaviours that the record names and without what it says was set aside.
        gone: Ids of behaviours that counted and are no longer stored.
        notes: What the reader should know besides.
    """

    asking: Asking
    gone: tuple[str, ...]
    notes: tuple[str, ...]


def recall(session: Session, row: ExplanationRow) -> Recalled:
    """Return whose list it was."""
    whole, asked = load_history(session, row.user_id), row.asked or {}
    known = {behaviour.id for behaviour in whole.behaviours}
    aside = set(asked.get("set_aside") or ())
    counted = row.contributions.keys() | aside
    notes = [f"{len(known - counted)} behaviours came later and were left out."] if known - counted else []
    if row.asked is None:
        notes.append("The record does not say which aspects were hidden then: those hidden now were taken.")
    hidden = asked["hidden"] if "hidden" in asked else load_choices(session, row.user_id).hidden
    history = whole.without(known - counted).set_aside(aside)
    off, private = bool(asked.get("switched_off")), asked.get("private")
    asking = Asking(history, listed_among(row), hidden, aside, off, private)
    return Recalled(asking, tuple(sorted(counted - known)), tuple(notes))


def listed_among(row: ExplanationRow) -> int | None:
    """Return the length of the list; what old records don't say, their counterfactual does, if they have one."""
    if row.asked is not None:
        return cast("int | None", row.asked["k"])
    found = counterfactual_of(row)
    return None if found is None else found.k


def case_again(explainer: Explainer, row: ExplanationRow, asking: Asking) -> Case:
    """Return the case of an explanation, computed again by the recommender in memory and the method of its record.

    Args:
        explainer: The pipeline.
        row: The explanation.
        asking: Whose list it was of.

    Raises:
        UnknownItemError: If the recommender knows no such item.
    """
    cases = explainer.cases(asking).by(row.method)
    recommender, catalogue = cases.recommender, cases.recommender.catalogue
    at = catalogue.position(row.item_id)
    rank, score = rank_of(recommender, asking.history, row.item_id)
    # In a list, ties count by catalogue order; for a single item, all of them count against it.
    if row.rank != rank:
        scores = recommender.scores([asking.history])[0]
        ahead = np.concatenate([scores[:at] >= scores[at], scores[at:] > scores[at]])
        rank = 1 + int(np.count_nonzero(ahead & ~met_items(recommender, asking.history)))
    target = Recommendation(catalogue.items[at], rank, score, catalogue.is_cold(row.item_id))
    case = cases.case(asking, target, Style(row.locale, row.audience))
    counted_from = (row.asked or {}).get("now", int(row.created_at.timestamp()))
    return replace(case, evidence=msgspec.structs.replace(case.evidence, now=counted_from))
