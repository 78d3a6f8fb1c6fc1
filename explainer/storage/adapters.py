"""Adapters in SQL: which there are, and which one is in production for a locale."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session

from explainer.storage.lookup import find_version
from explainer.storage.version_tables import AdapterRow, RegistryChangeRow

ADAPTER = "adapter"
"""The kind of a registry change that is about adapters."""


class Label(StrEnum):
    """Where an adapter stands."""

    CANDIDATE = "candidate"
    PRODUCTION = "production"
    RETIRED = "retired"


_IN_PRODUCTION = (
    select(AdapterRow.version)
    .where(AdapterRow.locale == bindparam("locale"), AdapterRow.label == Label.PRODUCTION.value)
    .scalar_subquery()
)
_CHANGES = (
    select(func.coalesce(func.max(RegistryChangeRow.number), 0))
    .where(RegistryChangeRow.kind == ADAPTER, RegistryChangeRow.scope == bindparam("locale"))
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to write in a language.

    Attributes:
        version: The adapter in production; None is the one of the package.
        change: Number of the last change of the language's adapters, of whatever kind.
    """

    version: str | None
    change: int


def wanted(connection: Connection, locale: str) -> Wanted:
    """Return what is to write in a language now, by one small statement."""
    version, change = connection.execute(select(_IN_PRODUCTION, _CHANGES), {"locale": locale}).one()
    return Wanted(version, change)


def trained_with(session: Session, lines: Collection[str]) -> list[str]:
    """Return the versions of the adapters whose cards say that they were trained with any of these lines."""
    return [row.version for row in adapters(session) if not set(lines).isdisjoint(row.card.get("reviewed", ()))]


def adapters(session: Session) -> list[AdapterRow]:
    """Return all adapters, oldest first."""
    return list(session.scalars(select(AdapterRow).order_by(AdapterRow.created_at, AdapterRow.version)))


def get_adapter(session: Session, version: str) -> AdapterRow:
    """Return the adapter of a version, or of the first characters of one.

    Raises:
        NotFoundError: If there is none, or more than one.
    """
    known = {row.version: row for row in adapters(session)}
    return known[find_version(version, list(known), "adapter", "explainer adapters list")]


def production_adapter(session: Session, locale: str) -> AdapterRow | None:
    """Return the adapter that is in production for a locale, if one is."""
    query = select(AdapterRow).where(AdapterRow.locale == locale, AdapterRow.label == Label.PRODUCTION.value)
    row: AdapterRow | None = session.scalar(query)
    return row


def put_into_production(session: Session, row: AdapterRow | None, locale: str) -> None:
    """Make an adapter, or none, the one in production for a locale; the caller commits."""
    old = production_adapter(session, locale)
    if old is not None:
        old.label = Label.RETIRED.value
        session.flush()  # before the next one: the database allows one at a time
    if row is not None:
        row.label = Label.PRODUCTION.value
        session.flush()
