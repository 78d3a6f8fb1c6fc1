"""An explanation as others see it: the same record for the API, the command line, the page and the audit digest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from explainer.attribution.counterfactual import Counterfactual
from explainer.attribution.deletion_test import DeletionVerdict
from explainer.evidence import Reason
from explainer.storage.explanation_tables import CounterfactualRow, ExplanationRow
from explainer.storage.reading_tables import RevisionRow
from retriever.data import History


class CitedView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One behaviour that a text rests on.

    Attributes:
        contribution: What it does to the score,
        share: and that as a share of all support; None, both, where whoever asks must not learn what it is.
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
    contribution: float | None
    share: float | None
    reasons: list[Reason]
    merged: list[str] = []


class CounterfactualView(msgspec.Struct, frozen=True):
    """What would have kept the item out of the list.

    Attributes:
        k: Length of the list.
        behaviours: Ids of the smallest set without which the item leaves it, oldest first; None if there is none up to
            ``max_size``.
        max_size: Largest size looked for.
        exhaustive: Whether every set of each size looked for was tried.
        new_rank: The item's rank without the set.
        replacement: Id of the best item that comes into the list instead,
        replacement_title: and its title.
    """

    k: int
    behaviours: list[str] | None
    max_size: int
    exhaustive: bool
    new_rank: int | None
    replacement: str | None
    replacement_title: str | None


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
        contributions: Behaviour id → its part of the score, by ``method``.
        order: Behaviour ids, the one that matters most first.
        verdict: What deleting the cited behaviours does to the score; None where none is cited.
        counterfactual: What would have kept the item out; None where it is not in the list, or not found yet.
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
    order: list[str]
    verdict: DeletionVerdict | None
    counterfactual: CounterfactualView | None
    locale: str
    audience: str
    gate_failures: list[str]
    created_at: datetime


class RevisionView(msgspec.Struct, frozen=True):
    """A text of an explanation that came after the first one; ``number`` counts from 2."""

    number: int
    text: str
    source: str
    gate_failures: list[str]
    prompt_hash: str
    prompt_version: str
    writer: str
    created_at: datetime


def revision_view(row: RevisionRow) -> RevisionView:
    """Return a stored revision as a record."""
    return RevisionView(
        row.number,
        row.text,
        row.source,
        row.gate_failures,
        row.prompt_hash,
        row.prompt_version,
        row.writer_version,
        row.created_at,
    )


def revision_record(row: RevisionRow) -> dict[str, Any]:
    """Return the revision as plain JSON data, for the digest in the audit entry."""
    return {"explanation": row.explanation_id, **msgspec.to_builtins(revision_view(row))}


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
        order=row.order,
        verdict=msgspec.convert(row.verdict, DeletionVerdict | None),
        counterfactual=counterfactual_of(row),
        locale=row.locale,
        audience=row.audience,
        gate_failures=row.gate_failures,
        created_at=row.created_at,
    )


def counterfactual_of(row: ExplanationRow) -> CounterfactualView | None:
    """Return the stored counterfactual of an explanation, if there is one."""
    record = row.early_counterfactual if row.counterfactual is None else row.counterfactual.record
    return msgspec.convert(record, CounterfactualView | None)


def counterfactual_digested(row: CounterfactualRow) -> dict[str, Any]:
    """Return a counterfactual as plain JSON data, for the digest in the audit entry."""
    return {"explanation": row.explanation_id, "created_at": row.created_at.isoformat(), **row.record}


def counterfactual_view(history: History, found: Counterfactual) -> CounterfactualView:
    """Return a counterfactual as it is stored: by ids."""
    places, instead = found.places, found.replacement
    return CounterfactualView(
        k=found.k,
        behaviours=None if places is None else [history.behaviours[place].id for place in places],
        max_size=found.max_size,
        exhaustive=found.exhaustive,
        new_rank=found.new_rank,
        replacement=None if instead is None else instead.item.id,
        replacement_title=None if instead is None else instead.item.title,
    )


def record_of(row: ExplanationRow) -> dict[str, Any]:
    """Return the explanation as plain JSON data, for the digest in the audit entry."""
    # The counterfactual may come later, with an entry of its own. Older records keep the digests that they have.
    record = dict(msgspec.to_builtins(explanation_view(row))) | {"counterfactual": row.early_counterfactual}
    return record if row.asked is None else record | {"asked": row.asked}
