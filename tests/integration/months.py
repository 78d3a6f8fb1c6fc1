"""A month that one can count by hand: October 2026, with something just outside it on either side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, update

from explainer.service.month.calendar import Month
from explainer.service.month.report import monthly_report
from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow, SuppressionRow, ViewRow
from explainer.storage.removal_tables import ErasureRow
from explainer.storage.suppressions import NOBODY
from explainer.storage.version_tables import ModelVersionRow, RegistryChangeRow

OCTOBER = Month(2026, 10)
OLD, NEW = "a" * 64, "b" * 64
FIRST, LAST = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC)
TIGHT = timedelta(microseconds=1)
# When, by whom, what the gate held back; the first and the last are in no month of ours.
TEXTS = (
    (FIRST - TIGHT, NEW, "template", ["digits"]),
    (FIRST, OLD, "model", []),
    (FIRST + timedelta(hours=5), OLD, "template", ["digits", "unknown_word: best", "unknown_word: most"]),
    (datetime(2026, 10, 12, 12, tzinfo=UTC), NEW, "model", ["digits"]),
    (datetime(2026, 10, 12, 13, tzinfo=UTC), NEW, "template", ["unknown_word: a: b", "name: Al"]),
    (datetime(2026, 10, 12, 14, tzinfo=UTC), "template", "template", []),
    (LAST, NEW, "template", ["markup"]),
    (LAST + TIGHT, NEW, "template", ["digits"]),
)


def seed(database, rows):
    """Make eight explanations those of the month, and let things happen to them."""
    with database.session() as session:
        models = [{"version": v, "kind": "writer", "name": "smollm2", "details": {}} for v in (OLD, NEW)]
        session.execute(insert(ModelVersionRow), models)
        for row, (at, writer, source, failures) in zip(rows, TEXTS, strict=True):
            values = {"created_at": at, "writer_version": writer, "source": source, "gate_failures": failures}
            values["prompt_hash"] = "" if writer == "template" else "p" * 64
            session.execute(update(ExplanationRow).where(ExplanationRow.id == row.id).values(**values))
        ids = [row.id for row in rows]
        after = LAST + TIGHT
        for n, (of, kind, at) in enumerate(
            [(0, "wrong", FIRST), (1, "wrong", after), (3, "wrong", LAST), (3, "helpful", LAST), (4, "offensive", LAST)]
        ):
            said = {"comment": "", "given_by": "app", "created_at": at}
            session.add(FeedbackRow(id=f"f{n}", explanation_id=ids[of], kind=kind, **said))
        for of, cause, verdict, decided in (
            (0, "sampled", "good", FIRST - TIGHT),
            (1, "sampled", "good", FIRST),
            (2, "reported", "wrong", LAST),
            (3, "reported", "good", after),
            (4, "sampled", None, None),
        ):
            row = ReviewRow(explanation_id=ids[of], cause=cause, created_at=FIRST - TIGHT if of == 0 else FIRST)
            row.verdict, row.decided_at, row.decided_by = verdict, decided, verdict and "rita"
            session.add(row)
        for of, by, at in ((0, "ada", FIRST - TIGHT), (1, "ada", FIRST), (2, NOBODY, LAST), (3, NOBODY, LAST)):
            session.add(SuppressionRow(explanation_id=ids[of], reason="rude", by=by, created_at=at))
        later = {
            "draft": "",
            "slots": {},
            "gate_failures": [],
            "prompt_hash": "",
            "prompt_version": rows[0].prompt_version,
        }
        session.add(
            RevisionRow(
                explanation_id=ids[2], number=2, text="T", source="model", writer_version=OLD, created_at=LAST, **later
            )
        )
        for viewer, role, at, unmasked, ticket in (
            ("sue", "support", FIRST - TIGHT, True, "T-0"),
            ("sue", "support", FIRST, True, "T-1"),
            ("sue", "support", LAST, True, "T-1"),
            ("sue", "support", LAST, False, ""),
            ("rita", "reviewer", LAST, True, ""),
            ("sam", "support", LAST, True, ""),
            ("sue", "support", after, True, "T-2"),
        ):
            view = ViewRow(viewer=viewer, role=role, subject="u1-secret", what="explanation", at=at)
            view.unmasked, view.ticket = unmasked, ticket
            session.add(view)
        for seconds, end in ((1, FIRST - TIGHT), (2, FIRST), (3, LAST), (10, LAST), (4, LAST), (99, after)):
            erased = ErasureRow(code="c" * 64, requested_at=end - timedelta(seconds=seconds), ended_at=end)
            erased.counts = {"explanations": seconds, "feedback": 1}
            erased.by, erased.entries, erased.training = "admin", [], []
            session.add(erased)
        for number, action, version, at in (
            (1, "promoted", OLD, FIRST - timedelta(days=90)),
            (2, "promoted", NEW, FIRST - timedelta(days=40)),
            (3, "added", "c" * 64, FIRST),
            (4, "rolled_back", OLD, datetime(2026, 10, 20, tzinfo=UTC)),
            (5, "promoted", NEW, after),
        ):
            change = RegistryChangeRow(kind="adapter", scope="en", number=number, action=action, version=version, at=at)
            session.add(change)


def erase_looks(database):
    """Do to October's looks what an erasure of the customer does."""
    with database.session() as session:
        session.execute(update(ViewRow).values(subject="", record_id="", ticket="", purpose=""))


def counted(database, **more):
    with database.session() as session:
        return monthly_report(session, OCTOBER, **more)


def check_october(found):
    """Hold a report of the month against what was counted by hand."""
    texts, voices = found.texts, found.voices
    assert (texts.explanations, texts.asked, texts.fallbacks, texts.later) == (6, 5, 2, 1)
    assert [(one.day.isoformat(), one.writer[0], one.model, one.template) for one in texts.by_day] == [
        ("2026-10-01", "a", 1, 1),
        ("2026-10-12", "b", 1, 1),
        ("2026-10-12", "t", 0, 1),
        ("2026-10-31", "b", 0, 1),
    ]
    assert list(texts.rules.items()) == [("digits", 2), ("unknown_word", 2), ("markup", 1), ("name", 1)]
    assert texts.held_back == 4
    assert (voices.of_texts, voices.complaints) == ({"helpful": 1, "offensive": 1, "wrong": 2}, 3)
    assert voices.received == {"helpful": 1, "offensive": 1, "wrong": 2}
    assert (voices.opened, voices.verdicts) == ({"reported": 2, "sampled": 2}, {"good": 1, "wrong": 1})
    assert (voices.waiting, voices.suppressed, voices.carried_on) == (2, 1, 2)
    looks = found.accesses
    assert (looks.looks, looks.unmasked, looks.without_ticket, looks.tickets, looks.viewers) == (5, 4, 1, 1, 3)
    assert [(one.name, one.looks, one.unmasked, one.without_ticket, one.tickets) for one in looks.busiest] == [
        ("sue", 3, 2, 0, 1),
        ("rita", 1, 1, 0, 0),
        ("sam", 1, 1, 1, 0),
    ]
    erased = found.erasures
    assert (erased.count, round(erased.median_s, 3), round(erased.longest_s, 3)) == (4, 3.5, 10.0)
    assert erased.rows == {"explanations": 19, "feedback": 4}
    writers = {one.version[0]: (one.name, one.texts) for one in found.versions.made_by if one.kind == "writer"}
    assert writers == {"a": ("smollm2", 2), "b": ("smollm2", 3), "t": ("template", 1)}
    assert [(one.action, one.version[0], one.until is None) for one in found.versions.in_force] == [
        ("promoted", "b", False),
        ("rolled_back", "a", True),
    ]
