"""Is the audit log whole, and are the records what they were when it was written?

Every entry is compared with its record as it is now, and every kept record must have its entry. What this cannot find:
an entry removed together with its record from the very end of the log, and a record altered together with its entry's
digest. For these one needs a head of the log that was signed and kept elsewhere.

Records that were erased are no fault. An entry counts as one of theirs only if a later entry of the log, about a
removal that is on record, vouches for the list that has its number, its salt is gone, and so is its record (or what
could tell of anybody in it). So whoever removes records and salts alone is found. Whoever writes a removal as well has
put it on record for good, and is found by what they have not got (:mod:`explainer.audit.outside`): the list of erasures
has no such line, or the retention has no seal of the key. Without these two, which lie outside the database, a removal
that was made up is believed, but for what a retention can't have taken: see its limit.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from explainer.audit.kept import Kept, Removed, is_proved, loaded
from explainer.audit.outside import ERASURES, RETENTION, Outside, borders, erasures_to_list, unsealed
from explainer.errors import ErasureError
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import Base
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.personal import is_empty
from explainer.storage.removal_tables import ErasureRow, RetentionRow

__all__ = ["Finding", "Kept", "LogCheck", "Removed", "Trouble", "check_log", "is_proved"]

_log = logging.getLogger(__name__)
_CHUNK = 500
_NAMED = 100
_LOOKS = 3
_PROVED, _ERASED = "proved", "erased"
OnProgress = Callable[[int, int], None]


class Trouble(StrEnum):
    """What can be wrong."""

    NO_ENTRY = "no entry"
    GONE = "record gone"
    ALTERED = "digest differs"
    RETURNED = "erased, but there"
    UNLISTED = "erasure not listed"
    UNSEALED = "retention not sealed"
    UNREAD = "list or key not readable"
    GAP = "gap"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it should be.

    Attributes:
        what: What is wrong.
        seq: Number of the entry, or the last one before a gap; None where the entry is what is missing.
        event: The entry's event, or the one that is missing.
        record_id: Which record; empty for a gap.
    """

    what: Trouble
    seq: int | None
    event: str
    record_id: str


class LogCheck(msgspec.Struct, frozen=True):
    """What a check found.

    Attributes:
        sound: Whether nothing is wrong.
        entries: Entries in the log.
        last: Number of the last one; 0 for an empty log.
        explanations: Stored explanations.
        explanations_without_entry: How many of them the log knows nothing of,
        records_without_entry: and how many other kept records.
        records_gone: Entries whose record is no longer there.
        digests_wrong: Entries whose record is not what it was.
        erased: Entries whose record was erased, as a later entry says,
        erased_but_there: and those of them whose record is there all the same.
        erasures_unlisted: Erasures that the list outside the database knows nothing of: nobody asked for them there.
        retentions_unsealed: Retentions that nobody has made who has the key outside the database.
        gaps: Places where numbers are missing.
        unchecked: Entries about what is not kept as it was (sign-ins, tags), by event.
        findings: The first hundred things that are wrong.
    """

    sound: bool
    entries: int
    last: int
    explanations: int
    explanations_without_entry: int
    records_without_entry: int
    records_gone: int
    digests_wrong: int
    erased: int
    erased_but_there: int
    erasures_unlisted: int
    retentions_unsealed: int
    gaps: int
    unchecked: dict[str, int]
    findings: list[Finding]


def check_log(
    session: Session,
    kept: Sequence[Kept],
    on_progress: OnProgress = lambda *_: None,
    outside: Callable[[], Outside | None] = lambda: None,
) -> LogCheck:
    """Check the whole log, some hundred entries at a time.

    What is removed meanwhile is removed: no entry is called wrong that was not looked at again.

    Args:
        session: Open session.
        kept: Every kind of record whose entries can be checked.
        outside: Returns what removals are held against, None where nothing is; asked for only if there are any.
        on_progress: Called with (entries done, entries in all).
    """
    tally = _Tally()
    entries, last = session.execute(select(func.count(), func.coalesce(func.max(AuditEntryRow.seq), 0))).one()
    by_event = {event: kind for kind in kept for event in kind.events}
    removed = Removed(session, kept)
    done, before = 0, 0
    for chunk in _chunks(session, last):
        for entry in chunk:
            if entry.seq != before + 1:
                tally.add(Trouble.GAP, before, "", "")
            before = entry.seq
            if entry.event not in by_event:
                tally.unchecked[entry.event] += 1
        for kind in kept:
            _check_chunk(session, kind, [entry for entry in chunk if entry.event in kind.events], removed, tally)
        session.expunge_all()
        done += len(chunk)
        on_progress(done, entries)
    if done != entries:  # no query by number finds those: they have none, or that of another at the end of a chunk
        tally.add(Trouble.GAP, before, "", "")
    for kind in kept:
        _check_entries_of(session, kind, tally)
    try:
        _check_removals(session, kept, outside, tally)
    except ErasureError as error:  # what else is wrong is told all the same
        _log.error("The removals on record were held against nothing: %s", error)
        tally.add(Trouble.UNREAD, None, "", "")
    return tally.result(session, entries, before)


@dataclass
class _Tally:
    counts: Counter[Trouble] = field(default_factory=Counter)
    unchecked: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    unknown_explanations: int = 0
    erased: int = 0

    def add(self, what: Trouble, seq: int | None, event: str, record_id: str) -> None:
        self.counts[what] += 1
        if len(self.findings) < _NAMED:
            self.findings.append(Finding(what, seq, event, record_id))

    def result(self, session: Session, entries: int, last: int) -> LogCheck:
        wrong = self.counts.total()
        return LogCheck(
            sound=not wrong,
            entries=entries,
            last=last,
            explanations=session.scalar(select(func.count()).select_from(ExplanationRow)) or 0,
            explanations_without_entry=self.unknown_explanations,
            records_without_entry=self.counts[Trouble.NO_ENTRY] - self.unknown_explanations,
            records_gone=self.counts[Trouble.GONE],
            digests_wrong=self.counts[Trouble.ALTERED],
            erased=self.erased,
            erased_but_there=self.counts[Trouble.RETURNED],
            erasures_unlisted=self.counts[Trouble.UNLISTED],
            retentions_unsealed=self.counts[Trouble.UNSEALED],
            gaps=self.counts[Trouble.GAP],
            unchecked=dict(sorted(self.unchecked.items())),
            findings=self.findings,
        )


def _chunks(session: Session, last: int) -> Iterator[Sequence[AuditEntryRow]]:
    """Yield the entries up to a number, in order; what is written meanwhile is for the next check."""
    before = 0
    query = select(AuditEntryRow).order_by(AuditEntryRow.seq).limit(_CHUNK)
    while chunk := session.scalars(query.where(AuditEntryRow.seq > before, AuditEntryRow.seq <= last)).all():
        before = chunk[-1].seq
        yield [entry for entry in chunk if type(entry.seq) is int]  # SQLite keeps anything in a table without a key


def _check_chunk(
    session: Session, kind: Kept, entries: Sequence[AuditEntryRow], removed: Removed, tally: _Tally
) -> None:
    judged = _judged(session, kind, entries, removed)
    for _ in range(_LOOKS):
        wrong = [seq for seq, one in judged.items() if isinstance(one, Trouble)]
        if not wrong:
            break
        session.expunge_all()  # what was read before is not to be found again
        removed.look_again()
        again = select(AuditEntryRow).where(AuditEntryRow.seq.in_(wrong)).order_by(AuditEntryRow.seq)
        judged |= _judged(session, kind, session.scalars(again).all(), removed)
    for entry in entries:
        one = judged[entry.seq]
        tally.erased += one in {_ERASED, Trouble.RETURNED}
        if isinstance(one, Trouble):
            tally.add(one, entry.seq, entry.event, entry.record_id)


def _judged(
    session: Session, kind: Kept, entries: Sequence[AuditEntryRow], removed: Removed
) -> dict[int, Trouble | str]:
    """Return what is the matter with entries, by their numbers."""
    references = list({entry.record_id for entry in entries})
    found, ended = loaded(session, kind, references), _ended(session, kind, references)
    return {
        entry.seq: _judge(
            kind,
            entry,
            found.get(entry.record_id, []),
            is_removed=entry in removed or entry.seq < ended.get(entry.record_id, 0),
        )
        for entry in entries
    }


def _ended(session: Session, kind: Kept, references: Sequence[str]) -> dict[str, int]:
    """Return the last entries that say that records were removed, by what entries call these."""
    if not kind.ends or not references:
        return {}
    ends = AuditEntryRow.event.in_(kind.ends) & AuditEntryRow.record_id.in_(references)
    last = select(AuditEntryRow.record_id, func.max(AuditEntryRow.seq)).where(ends).group_by(AuditEntryRow.record_id)
    return {reference: seq for reference, seq in session.execute(last)}  # noqa: C416  a Row is no pair to mypy


def _judge(kind: Kept, entry: AuditEntryRow, records: Sequence[Base | None], *, is_removed: bool) -> Trouble | str:
    if is_removed:
        return _ERASED if all(row is not None and is_empty(row) for row in records) else Trouble.RETURNED
    if not records:
        return Trouble.GONE
    return _PROVED if any(is_proved(kind, entry, row) for row in records) else Trouble.ALTERED


def _check_removals(session: Session, kept: Sequence[Kept], ask: Callable[[], Outside | None], tally: _Tally) -> None:
    """Hold the removals on record against what is outside the database."""
    outside = ask() if any(session.scalar(select(table.id).limit(1)) for table in (ErasureRow, RetentionRow)) else None
    if outside is None:
        return
    since = borders(session, outside.fingerprint, outside.uses)
    erasures = erasures_to_list(session, since)
    known = outside.listed()  # after the database: a line is written before its erasure is carried out
    if known is None:
        return
    for one in erasures:
        if one not in known:
            tally.add(Trouble.UNLISTED, None, ERASURES[0], one)
    for kind in (kind for kind in kept if kind.table is RetentionRow):
        for one in unsealed(session, kind, outside, since):
            tally.add(Trouble.UNSEALED, None, RETENTION, one)


def _check_entries_of(session: Session, kind: Kept, tally: _Tally) -> None:
    """Find kept records that the log says nothing of."""
    due = [] if kind.due is None else [kind.due]
    known = exists().where(AuditEntryRow.record_id == kind.column, AuditEntryRow.event.in_(kind.events))
    for reference in _references(session, select(kind.column).where(~known, *due), kind):
        tally.add(Trouble.NO_ENTRY, None, kind.events[0], reference)
        tally.unknown_explanations += kind.table is ExplanationRow
    if kind.refers:
        _check_each(session, kind, select(kind.column).where(known, *due), tally)


def _check_each(session: Session, kind: Kept, query: Select[Any], tally: _Tally) -> None:
    """Find records beside those that the entries of the same reference are about."""
    for reference in _references(session, query, kind):
        entries = select(func.count()).where(AuditEntryRow.record_id == reference, AuditEntryRow.event.in_(kind.events))
        records = select(func.count()).select_from(kind.table).where(kind.column == reference)
        records = records if kind.due is None else records.where(kind.due)
        for _ in range((session.scalar(records) or 0) - (session.scalar(entries) or 0)):
            tally.add(Trouble.NO_ENTRY, None, kind.events[0], reference)


def _references(session: Session, query: Select[Any], kind: Kept) -> Iterator[str]:
    """Yield what a query finds, each once and in order, some hundred in memory at a time."""
    query = query.distinct().order_by(kind.column).limit(_CHUNK)
    after = ""
    while found := session.scalars(query.where(kind.column > after)).all():
        yield from map(str, found)
        after = str(found[-1])
