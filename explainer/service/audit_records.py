"""One record complete, as it lies in the database: what an auditor may see is not what we think of showing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.audit.check import is_proved
from explainer.errors import ExplainerError
from explainer.service.audited import KEPT
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import Base
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow
from explainer.storage.explanations import explanations_named
from explainer.storage.listing import Search
from explainer.storage.private import private_counts
from explainer.storage.prompts import library_of
from explainer.storage.reading_tables import ReviewRow, RevisionRow, SuppressionRow, UpgradeRow, ViewRow
from explainer.storage.staff import names_of
from explainer.storage.version_tables import ModelVersionRow, PromptVersionRow
from explainer.storage.walks import explanation_ids

Columns = dict[str, Any]
"""A row: every column by its name."""
_CHUNK = 5000
_STAFF = frozenset({"given_by", "viewer", "by", "decided_by"})


class Entry(msgspec.Struct, frozen=True):
    """An audit entry.

    Attributes:
        matches: Whether its digest is that of the record as it is now; None where that cannot be told.
    """

    seq: int
    event: str
    record_id: str
    digest: str
    at: datetime
    matches: bool | None


class AuditRecord(msgspec.Struct, frozen=True):
    """An explanation with everything on record that concerns it.

    Attributes:
        explanation: Every column, ``asked`` and the draft with its slots included.
        evidence: What it cites.
        counterfactual: What would have kept its item out of the list, once that was found.
        entries: Audit entries about it, its feedback, its later texts, its review and looks at it.
        feedback: What was said of it.
        revisions: Later texts.
        upgrade: Whether a better text was awaited, and what came of that.
        suppression: Who suppressed it, and why.
        review: What a reviewer was asked and said.
        views: Who looked at it.
        private: How many private behaviours were kept out of it, by category.
    """

    explanation: Columns
    evidence: list[Columns]
    counterfactual: Columns | None
    entries: list[Entry]
    feedback: list[Columns]
    revisions: list[Columns]
    upgrade: Columns | None
    suppression: Columns | None
    review: Columns | None
    views: list[Columns]
    private: dict[str, int]


class Provenance(msgspec.Struct, frozen=True):
    """What made some explanations.

    Attributes:
        prompts: Prompt versions with their templates word for word; ``intact`` says whether these are the ones that the
            version is the hash of.
        models: Recommenders and writers with their settings and hashes.
    """

    prompts: list[Columns]
    models: list[Columns]


def audit_records(session: Session, rows: Sequence[ExplanationRow]) -> list[AuditRecord]:
    """Return the complete records of explanations, in their order."""
    ids = [row.id for row in rows]
    feedback = _of(session, FeedbackRow.explanation_id, ids)
    revisions = _of(session, RevisionRow.explanation_id, ids)
    reviews = _of(session, ReviewRow.explanation_id, ids)
    upgrades = _of(session, UpgradeRow.explanation_id, ids)
    suppressions = _of(session, SuppressionRow.explanation_id, ids)
    views = _of(session, ViewRow.record_id, ids)
    kinds = (feedback, revisions, reviews, suppressions, views)
    about: dict[str, list[Base]] = {
        row.id: [row, *_some(row.counterfactual), *(one for kind in kinds for one in kind.get(row.id, []))]
        for row in rows
    }
    entries = _entries(session, about)
    return [
        AuditRecord(
            explanation=columns_of(row),
            evidence=[columns_of(cited) for cited in row.evidence],
            counterfactual=None if row.counterfactual is None else columns_of(row.counterfactual),
            entries=entries[row.id],
            feedback=[columns_of(one) for one in feedback.get(row.id, [])],
            revisions=[columns_of(one) for one in revisions.get(row.id, [])],
            upgrade=_only(upgrades.get(row.id, [])),
            suppression=_only(suppressions.get(row.id, [])),
            review=_only(reviews.get(row.id, [])),
            views=[columns_of(one) for one in views.get(row.id, [])],
            private=private_counts(row.asked),
        )
        for row in rows
    ]


def staff_in(session: Session, records: Sequence[AuditRecord]) -> dict[str, str]:
    """Return the names of the shop's staff and keys whose ids stand in records, without those that were removed."""
    rows = [row for one in records for row in (*one.feedback, *one.views, one.suppression, one.review) if row]
    return dict(names_of(session, [row[name] for row in rows for name in _STAFF & row.keys()]))


def provenance(session: Session, rows: Sequence[ExplanationRow]) -> Provenance:
    """Return the versions that made explanations, and their later texts, each once."""
    revisions = [
        one for found in _of(session, RevisionRow.explanation_id, [r.id for r in rows]).values() for one in found
    ]
    prompts = {row.prompt_version for row in (*rows, *revisions)}
    models = {row.writer_version for row in (*rows, *revisions)} | {row.recommender_version for row in rows}
    return made_by(session, prompts, models)


def made_by(session: Session, prompts: Collection[str], models: Collection[str]) -> Provenance:
    """Return versions of prompts and models, as they are stored."""
    stored = session.scalars(select(PromptVersionRow).where(PromptVersionRow.version.in_(prompts)))
    known = session.scalars(select(ModelVersionRow).where(ModelVersionRow.version.in_(models)))
    return Provenance(
        [columns_of(row) | {"intact": is_intact(row)} for row in stored], [columns_of(row) for row in known]
    )


def unreadable(database: Database, search: Search) -> str:
    """Return which explanation of a search cannot be read from the database, and what to do; slow, for when one can't.

    Somebody has written something there that no row of ours holds.
    """
    with database.session() as session:
        for one in explanation_ids(session, search):
            try:
                msgspec.json.encode(audit_records(session, explanations_named(session, [one])))
            except (ValueError, TypeError) as error:
                return (
                    f"Explanation {one}, or what concerns it, was altered in the database and cannot be read any more "
                    f"({error}). Correct the row, or search around it; what else was altered: explainer audit check"
                )
            finally:
                session.expunge_all()
    return "Something was altered in the database and cannot be read any more; run: explainer audit check"


def columns_of(row: Base) -> Columns:
    """Return every column of a row by its name."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}


def _of(session: Session, column: InstrumentedAttribute[str], ids: Sequence[str]) -> Mapping[str, list[Any]]:
    """Return the rows that refer to explanations, oldest first, by explanation."""
    table = column.class_
    order = table.at if table is ViewRow else table.created_at
    rows = session.scalars(select(table).where(column.in_(ids)).order_by(column, order))
    return {key: list(found) for key, found in groupby(rows, key=lambda row: getattr(row, column.key))}


def _some(row: Base | None) -> list[Base]:
    return [] if row is None else [row]


def _only(rows: Sequence[Base]) -> Columns | None:
    return columns_of(rows[0]) if rows else None


def _entries(session: Session, about: Mapping[str, Sequence[Base]]) -> dict[str, list[Entry]]:
    """Return the entries about records, by the explanation that these belong to."""
    owner: dict[str, str] = {}
    called: dict[str, list[Base]] = {}  # everybody who looks at a record adds a row, so none is searched for an entry
    for key, rows in about.items():
        for row in rows:
            for reference in _references(row):
                owner[reference] = key
                called.setdefault(reference, []).append(row)
    found: dict[str, list[Entry]] = {key: [] for key in about}
    for entry in _about(session, [*owner]):
        matches = _matches(entry, called[entry.record_id])
        one = Entry(entry.seq, entry.event, entry.record_id, entry.digest, entry.at, matches)
        found[owner[entry.record_id]].append(one)
    return found


def _about(session: Session, references: Sequence[str]) -> list[AuditEntryRow]:
    """Return the entries that refer to any of these, in order; no database takes any number of parameters."""
    found: list[AuditEntryRow] = []
    for start in range(0, len(references), _CHUNK):
        mine = AuditEntryRow.record_id.in_(references[start : start + _CHUNK])
        found += session.scalars(select(AuditEntryRow).where(mine))
    return sorted(found, key=lambda entry: entry.seq)


def _references(row: Base) -> set[str]:
    """Return what entries may call a row: by its key, or as their kind does."""
    return {str(key) for key in inspect(row).identity or ()} | {
        kind.reference(row) for kind in KEPT if isinstance(row, kind.table)
    }


def _matches(entry: AuditEntryRow, rows: Sequence[Base]) -> bool | None:
    kind = next((kind for kind in KEPT if entry.event in kind.events), None)
    if kind is None:
        return None
    meant = [row for row in rows if isinstance(row, kind.table) and kind.reference(row) == entry.record_id]
    return any(is_proved(kind, entry, row) for row in meant)


def is_intact(row: PromptVersionRow) -> bool:
    """Return whether the templates of a prompt version are those that it is the hash of."""
    try:
        library_of(row)
    except ExplainerError:
        return False
    return True
