"""Changes of what is known and in use, each written once; what is in use now and was before follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from explainer.storage.version_tables import RegistryChangeRow


class Action(StrEnum):
    """What was done. The last three change what is in use."""

    ADDED = "added"
    MOVED = "moved"
    RETIRED = "retired"
    PROMOTED = "promoted"
    SPLIT = "split"
    ROLLED_BACK = "rolled_back"


OF_USE = (Action.PROMOTED, Action.SPLIT, Action.ROLLED_BACK)
_NEWEST_USE = (
    select(RegistryChangeRow.version, RegistryChangeRow.other, RegistryChangeRow.percent, RegistryChangeRow.split)
    .where(RegistryChangeRow.kind == bindparam("kind"), RegistryChangeRow.scope == bindparam("scope"))
    .where(RegistryChangeRow.action.in_(OF_USE))
    .order_by(RegistryChangeRow.number.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class InUse:
    """What a scope uses.

    Attributes:
        version: The version; None is what lies on disk.
        other: The version that ``percent`` of users get instead, while there is a split.
        percent: 1 to 99.
        split: Id of the split.
    """

    version: str | None = None
    other: str | None = None
    percent: int | None = None
    split: str | None = None


ON_DISK = InUse()


def changes(session: Session, kind: str, scope: str) -> list[RegistryChangeRow]:
    """Return every change of a scope, oldest first."""
    query = select(RegistryChangeRow).where(RegistryChangeRow.kind == kind, RegistryChangeRow.scope == scope)
    return list(session.scalars(query.order_by(RegistryChangeRow.number)))


def use_of(row: RegistryChangeRow) -> InUse:
    """Return what a change put into use."""
    return InUse(row.version, row.other, row.percent, row.split)


def in_use(session: Session | Connection, kind: str, scope: str) -> InUse:
    """Return what a scope uses now."""
    row = session.execute(_NEWEST_USE, {"kind": kind, "scope": scope}).one_or_none()
    return ON_DISK if row is None else InUse(*row)


def uses(rows: Sequence[RegistryChangeRow]) -> list[InUse]:
    """Return what was put into use and not rolled back since, oldest first: a rollback takes the last one off."""
    held: list[InUse] = []
    for row in rows:
        if row.action in (Action.PROMOTED, Action.SPLIT):
            held.append(use_of(row))
        elif row.action == Action.ROLLED_BACK:
            held.pop()
    return held


def append_change(session: Session, kind: str, scope: str, action: Action, use: InUse, by: str) -> RegistryChangeRow:
    """Write down a change and who made it; the caller commits.

    Of two at the same moment the database refuses one, since both would have the same number.
    """
    earlier = changes(session, kind, scope)
    version, other, percent, split = astuple(use)
    row = RegistryChangeRow(
        kind=kind,
        scope=scope,
        number=len(earlier) + 1,
        action=action.value,
        version=version,
        other=other,
        percent=percent,
        split=split,
        by=by,
    )
    session.add(row)
    session.flush()
    return row
