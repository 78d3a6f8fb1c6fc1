"""What all tables share. Times are UTC; JSON columns hold only what is never searched by."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


# Of what there is more with every explanation. SQLite's own integers have room; it numbers rows by that name alone.
MANY = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time that comes back with its zone; SQLite alone would forget it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return with the zone UTC.

        Raises:
            TypeError: If PostgreSQL holds what no datetime can, such as infinity: its driver gives that as text.
        """
        if value is None:
            return None
        if isinstance(value, str):
            raise TypeError(f"The database holds the time {value!r}, which we never store: correct the row.")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# On PostgreSQL a month is a range of ids, whatever order of letters its machine prefers: these are compared byte by
# byte. What is joined by them has to be, too, or no index would serve the join.
EXPLANATION_ID = String(36).with_variant(String(36, collation="C"), "postgresql")
RECORD_ID = String(200).with_variant(String(200, collation="C"), "postgresql")


def now() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return an id that tells nothing."""
    return str(uuid.uuid4())


class Base(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012
