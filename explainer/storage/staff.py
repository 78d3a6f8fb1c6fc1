"""Whose the ids are that stand in records for the shop's staff, and where names stand from before there were any."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.storage.access_tables import StaffRow
from explainer.storage.explanation_tables import FeedbackRow, PromiseRow
from explainer.storage.reading_tables import ReviewRow, SuppressionRow, ViewRow
from explainer.storage.removal_tables import CorpusRow, ErasureRow
from explainer.storage.version_tables import RegistryChangeRow

PREFIX = "staff-"
"""What an id begins with."""
_NAMED: tuple[InstrumentedAttribute[str] | InstrumentedAttribute[str | None], ...] = (
    ViewRow.viewer,
    ReviewRow.decided_by,
    SuppressionRow.by,
    FeedbackRow.given_by,
    PromiseRow.caller,
    RegistryChangeRow.by,
    ErasureRow.by,
    CorpusRow.made_by,
)


class Names(dict[str, str]):
    """Name of whoever an id stands for; of one who was removed the id, of a name from before ids that name."""

    def __missing__(self, held: str) -> str:
        return held


def names_of(session: Session, held: Collection[str | None]) -> Names:
    """Return the names of whoever stands in records."""
    known = select(StaffRow).where(StaffRow.id.in_({one for one in held if one}))
    return Names({row.id: row.name for row in session.scalars(known)})


def name_of(session: Session, held: str) -> str:
    """Return the name of whoever stands in a record; see :class:`Names`."""
    return names_of(session, [held])[held]


def list_staff(session: Session) -> Sequence[StaffRow]:
    """Return everybody who is on record for something, and was not removed since, by name."""
    return session.scalars(select(StaffRow).order_by(StaffRow.name)).all()


def named_in(session: Session, name: str) -> Mapping[str, int]:
    """Return how many rows of each table have somebody's name itself; tables without any are left out.

    Those from before there were ids keep it: the digests in the audit log are of records with it, and an erasure that
    could not prove itself any more would vouch for nothing that it removed. Requests that may be repeated have the name
    of the key that they came with, for as long as they may.
    """
    counted = (
        (str(column.class_.__tablename__), session.scalar(select(func.count()).where(column == name)) or 0)
        for column in _NAMED
    )
    return {table: n for table, n in counted if n}
