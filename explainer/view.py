"""An explanation as others see it: the same record for the API, the command line, the page and the audit digest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from explainer.evidence import Reason
from explainer.storage.tables import ExplanationRow


class CitedView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One behaviour that a text rests on.

    Attributes:
        merged: Ids of other behaviours that are the same cause; left out where there are none, so that records from
            before there were any keep their digests.
    """

    slot: str
    behaviour_id: str
    item: str
    title: str
    kind: str
    value: float | None
    time: int | None
    contribution: float
    share: float
    reasons: list[Reason]
    merged: list[str] = []


class Versions(msgspec.Struct, frozen=True):
    """Hashes of everything that made a text."""

    recommender: str
    writer: str
    prompt: str
    prompt_hash: str


class ExplanationView(msgspec.Struct, frozen=True):
    """One explanation as stored.

    Attributes:
        source: ``model`` when the language model wrote the text, ``template`` when the fallback did.
        score: The recommender's score; ``base_score`` plus all contributions.
        contributions: Behaviour id → how much the score would fall without that behaviour alone.
        gate_failures: What the gate held against drafts that were not used.
    """

    id: str
    user: str
    item: str
    title: str
    text: str
    source: str
    evidence: list[CitedView]
    versions: Versions
    rank: int
    score: float
    base_score: float
    method: str
    contributions: dict[str, float]
    locale: str
    audience: str
    gate_failures: list[str]
    created_at: datetime


def explanation_view(row: ExplanationRow) -> ExplanationView:
    """Return the stored explanation as a record."""
    return ExplanationView(
        id=row.id,
        user=row.user_id,
        item=row.item_id,
        title=row.title,
        text=row.text,
        source=row.source,
        evidence=[
            CitedView(
                slot=e.slot,
                behaviour_id=e.behaviour_id,
                item=e.item_id,
                title=e.title,
                kind=e.kind,
                value=e.value,
                time=e.time,
                contribution=e.contribution,
                share=e.share,
                reasons=msgspec.convert(e.reasons, list[Reason]),
                merged=e.merged,
            )
            for e in row.evidence
        ],
        versions=Versions(row.recommender_version, row.writer_version, row.prompt_version, row.prompt_hash),
        rank=row.rank,
        score=row.score,
        base_score=row.base_score,
        method=row.method,
        contributions=row.contributions,
        locale=row.locale,
        audience=row.audience,
        gate_failures=row.gate_failures,
        created_at=row.created_at,
    )


def record_of(row: ExplanationRow) -> dict[str, Any]:
    """Return the explanation as plain JSON data, for the digest in the audit entry."""
    return dict(msgspec.to_builtins(explanation_view(row)))
