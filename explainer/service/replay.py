"""Replay: an explanation computed again from its own record, and compared with it to the last character.

What counts is what counted then: the behaviours that the record names and those it says were set aside, the hidden
aspects, the moment that "two days ago" was counted from, the prompt templates word for word. The recommender is the one
in memory. No model is asked: its stored draft goes through the gate again, a template's is rendered again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from explainer.cases import Case
from explainer.errors import ExplainerError
from explainer.pipeline import Explainer
from explainer.service.comparison import TOLERANCE, Difference, Outcome, compared
from explainer.service.recalled import Recalled, case_again, recall
from explainer.service.replayed import again_record, plain, stored_record
from explainer.service.texts_again import texts_again
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.prompts import library_of
from explainer.storage.version_tables import ModelVersionRow, PromptVersionRow
from explainer.view import counterfactual_of, counterfactual_view
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.texts import MODEL, TEMPLATE
from retriever.errors import UnknownItemError

_NO_BEHAVIOUR = frozenset({"recommender", "prompt_templates", "title", "rank", "score", "base_score", "method"})
"""Differences in which no behaviour has a part of its own."""
_NOT_TOLD = (
    "Some behaviours are an interest that the customer has chosen not to show: what changed of behaviours, and in the "
    "texts that rest on them, is left out."
)


class ComparedVersion(msgspec.Struct, frozen=True):
    """One version that made the explanation, beside the one in use.

    Attributes:
        what: ``recommender``, ``writer`` or ``prompt``.
        stored: The explanation's.
        now: The one in use.
        same: Whether they are the same.
        needed: Whether the replay depends on the one in use. It does on the recommender only: draft and templates are
            the record's own.
    """

    what: str
    stored: str
    now: str
    same: bool
    needed: bool


class Replay(msgspec.Struct, frozen=True):
    """What came of computing an explanation again.

    Attributes:
        explanation: Its id.
        outcome: ``exact``: same recommender and prompts, and all equal to the last bit and character. ``equivalent``:
            the same cited behaviours, reasons and text, with numbers within the tolerance, or a draft that the gate of
            today would have worded otherwise. ``different``: else.
        differences: Each with what the record holds and what comes of it now; another recommender first.
        versions: What was compared.
        tolerance: How far numbers may be apart, and why.
        notes: What the reader should know besides, e.g. that behaviours that came later were left out.
    """

    explanation: str
    outcome: Outcome
    differences: list[Difference]
    versions: list[ComparedVersion]
    tolerance: str
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _Record:
    """What is stored of an explanation and needed again."""

    row: ExplanationRow
    recalled: Recalled
    templates: PromptVersionRow | None
    writer: str


def replay(explainer: Explainer, explanation_id: str) -> Replay:
    """Return what computing the explanation again gives.

    Raises:
        NotFoundError: If there is no such explanation.
    """
    with explainer.database.session() as session:
        record = _read(session, get_explanation(session, explanation_id))
    row, versions = record.row, _versions(explainer, record.row)
    found = [Difference("recommender", v.stored, v.now) for v in versions if v.needed and not v.same]
    found += _recomputed(explainer, record)
    outcome = max((difference.outcome for difference in found), key=list(Outcome).index, default=Outcome.EXACT)
    return Replay(row.id, outcome, found, versions, TOLERANCE, list(record.recalled.notes))


def without_behaviours(found: Replay) -> Replay:
    """Return a replay as it is to whoever must not learn of a private behaviour, nor of its figures."""
    told = [one for one in found.differences if one.what in _NO_BEHAVIOUR]
    return msgspec.structs.replace(found, differences=told, notes=[*found.notes, _NOT_TOLD])


def _read(session: Session, row: ExplanationRow) -> _Record:
    writer = session.get(ModelVersionRow, row.writer_version)
    return _Record(
        row,
        recall(session, row),
        session.get(PromptVersionRow, row.prompt_version),
        writer.name if row.source == MODEL and writer is not None else TEMPLATE,
    )


def _versions(explainer: Explainer, row: ExplanationRow) -> list[ComparedVersion]:
    style = Style(row.locale, row.audience)
    in_use = {
        "recommender": (row.recommender_version, explainer.model.version),
        "writer": (row.writer_version, explainer.writer_version),
        "prompt": (row.prompt_version, explainer.writer.prompts.for_user(row.user_id, style).version(style)),
    }
    return [
        ComparedVersion(what, stored, now, stored == now, what == "recommender")
        for what, (stored, now) in in_use.items()
    ]


def _recomputed(explainer: Explainer, record: _Record) -> list[Difference]:
    gone = list(record.recalled.gone)
    if gone:
        return [Difference("behaviours", gone, "no longer stored: nothing can be computed without them")]
    try:
        case = case_again(explainer, record.row, record.recalled.asking)
    except UnknownItemError as error:
        return [Difference("item", record.row.item_id, str(error))]
    library, altered = _library(record)
    texts, failures = texts_again(record.row, record.writer, case.evidence, library, explainer.firewall.words)
    stored, again = stored_record(record.row), again_record(record.recalled.asking.history, case, texts)
    stored_set, set_again = _counterfactuals(explainer, record, case)
    return altered + compared(stored | stored_set, again | set_again) + failures


def _counterfactuals(explainer: Explainer, record: _Record, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the stored counterfactual and what is found now, named; nothing where none was found before."""
    row, asking, stored = record.row, record.recalled.asking, counterfactual_of(record.row)
    if stored is None:
        return {}, {}
    found = explainer.cases(asking).counterfactual(asking, row.item_id, case.target.rank)
    again = None if found is None else counterfactual_view(asking.history, found)
    return {"counterfactual": plain(stored)}, {"counterfactual": plain(again)}


def _library(record: _Record) -> tuple[PromptLibrary | None, list[Difference]]:
    stored = record.row.prompt_version
    if record.templates is None:
        return None, [Difference("prompt_templates", stored, "no longer stored")]
    try:
        return library_of(record.templates), []
    except ExplainerError as error:
        return None, [Difference("prompt_templates", stored, str(error))]
