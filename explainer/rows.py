"""What an explanation is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from explainer.attribution.counterfactual import Counterfactual
from explainer.cases import Case
from explainer.storage.base import now
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow
from explainer.storage.ids import id_at
from explainer.view import counterfactual_view
from explainer.writing.style import Style
from explainer.writing.texts import Written
from retriever.data import History


@dataclass(frozen=True, slots=True)
class Stamp:
    """For whom an explanation was made, and by what.

    Attributes:
        style: Language and audience.
        fingerprint: Hash of everything that its text rests on.
        recommender: Version of what ranked,
        writer: and of what wrote.
    """

    style: Style
    fingerprint: str
    recommender: str
    writer: str


def explanation_row(
    history: History, case: Case, written: Written, stamp: Stamp, asked: dict[str, Any]
) -> ExplanationRow:
    """Return a new explanation as it is stored.

    Args:
        history: What it was computed from.
        case: What was computed.
        written: Its text.
        stamp: Reader and versions.
        asked: What else it depended on, for a replay.
    """
    evidence, attribution = case.evidence, case.attribution
    at = now()
    pairs = zip(history.behaviours, attribution.contributions, strict=True)
    return ExplanationRow(
        id=id_at(at),
        user_id=history.user,
        item_id=evidence.item_id,
        fingerprint=stamp.fingerprint,
        title=evidence.title,
        rank=case.target.rank,
        score=case.target.score,
        base_score=attribution.base,
        method=attribution.method,
        contributions={behaviour.id: contribution for behaviour, contribution in pairs},
        order=[history.behaviours[place].id for place in attribution.order],
        verdict=msgspec.to_builtins(case.verdict),
        counterfactual=None,
        popularity=msgspec.to_builtins(evidence.popularity),
        known_user=evidence.known_user,
        text=written.text,
        draft=written.draft,
        slots=written.slots,
        source=written.source,
        gate_failures=list(written.failures),
        locale=stamp.style.locale,
        audience=stamp.style.audience,
        prompt_hash=written.prompt_hash,
        prompt_version=written.prompt_version,
        recommender_version=stamp.recommender,
        writer_version=stamp.writer,
        created_at=at,
        # "Two days ago" is counted from here, so a replay needs no other clock.
        asked=asked | {"now": evidence.now},
        evidence=[_evidence_row(cited) for cited in msgspec.to_builtins(evidence.behaviours)],
    )


def counterfactual_row(found: Counterfactual | None, history: History) -> CounterfactualRow | None:
    """Return a counterfactual in a history as it is stored; None where there is none."""
    if found is None:
        return None
    return CounterfactualRow(record=msgspec.to_builtins(counterfactual_view(history, found)))


def _evidence_row(cited: dict[str, Any]) -> EvidenceRow:
    fields = {key: cited[key] for key in ("slot", "behaviour_id", "item_id", "title", "kind", "value", "time")}
    return EvidenceRow(
        **fields,
        contribution=cited["contribution"],
        share=cited["share"],
        reasons=list(cited["reasons"]),
        merged=list(cited["merged"]),
    )
