"""What was in force in a month: what made its texts, and what was put into use."""

from __future__ import annotations

from datetime import datetime
from itertools import zip_longest

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.service.month.calendar import Month
from explainer.service.month.within import in_month, made_in
from explainer.storage.changes import OF_USE, use_of
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.staff import Names, names_of
from explainer.storage.version_tables import ModelVersionRow, PromptVersionRow, RegistryChangeRow

_MOST_CHANGES = 200
_OF_USE = RegistryChangeRow.action.in_([one.value for one in OF_USE])


class MadeBy(msgspec.Struct, frozen=True):
    """A version that made texts of the month.

    Attributes:
        kind: ``recommender``, ``writer`` or ``prompt``.
        version: Its hash.
        name: Of the recommender or the engine; language and reader of prompts.
        first: Its first text of the month,
        last: and the last.
        texts: How many.
    """

    kind: str
    version: str
    name: str
    first: datetime
    last: datetime
    texts: int


class Change(msgspec.Struct, frozen=True):
    """What was put into use.

    Attributes:
        kind: ``adapter`` or ``prompt``.
        scope: Language, or language and reader.
        action: ``promoted``, ``split`` or ``rolled_back``.
        version: What came into use; None is what lies on disk or came with the package.
        other: The second version of a split, which ``percent`` of users get.
        at: From when on.
        until: Until the next change; None if there was none before the month ended.
        by: Name of whoever did it; an id where they were removed since, None where it was not kept yet.
    """

    kind: str
    scope: str
    action: str
    version: str | None
    other: str | None
    percent: int | None
    at: datetime
    until: datetime | None
    by: str | None


class Versions(msgspec.Struct, frozen=True):
    """What was in force in a month.

    Attributes:
        made_by: What made its texts.
        in_force: What had been put into use and was so at some time of the month, oldest first.
        left_out: Changes of the month that are too many to be listed: its last ones.
    """

    made_by: list[MadeBy]
    in_force: list[Change]
    left_out: int


def versions_in(session: Session, month: Month) -> Versions:
    """Return what was in force in a month."""
    made_by = [
        *_made_by(session, month, "recommender", ExplanationRow.recommender_version),
        *_made_by(session, month, "writer", ExplanationRow.writer_version),
        *_made_by(session, month, "prompt", ExplanationRow.prompt_version),
    ]
    count = select(func.count()).select_from(RegistryChangeRow).where(*_changes(month))
    return Versions(made_by, _in_force(session, month), max(0, (session.scalar(count) or 0) - _MOST_CHANGES))


def changed(versions: Versions, month: Month) -> int:
    """Return how often something was put into use in the month itself."""
    return sum(one.at >= month.since for one in versions.in_force) + versions.left_out


def _changes(month: Month) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _OF_USE, in_month(RegistryChangeRow.at, month)


def _made_by(session: Session, month: Month, kind: str, column: InstrumentedAttribute[str]) -> list[MadeBy]:
    first, last = func.min(ExplanationRow.created_at), func.max(ExplanationRow.created_at)
    query = select(column, first, last, func.count()).where(*made_in(month)).group_by(column)
    found = session.execute(query.order_by(first, column)).all()
    names = _names(session, kind, [row[0] for row in found])
    return [MadeBy(kind, row[0], names.get(row[0], ""), row[1], row[2], row[3]) for row in found]


def _names(session: Session, kind: str, versions: list[str]) -> dict[str, str]:
    if kind == "prompt":
        prompts = session.scalars(select(PromptVersionRow).where(PromptVersionRow.version.in_(versions)))
        return {row.version: f"{row.locale}/{row.audience}" for row in prompts}
    models = session.execute(
        select(ModelVersionRow.version, ModelVersionRow.name).where(ModelVersionRow.version.in_(versions))
    )
    return {version: name for version, name in models}  # noqa: C416  a Row is no pair to mypy


def _in_force(session: Session, month: Month) -> list[Change]:
    """Return the last change of each scope before the month, and those in it."""
    scope = (RegistryChangeRow.kind, RegistryChangeRow.scope)
    newest = (
        select(*scope, func.max(RegistryChangeRow.number).label("number"))
        .where(_OF_USE, RegistryChangeRow.at < month.since)
        .group_by(*scope)
        .subquery()
    )
    same = (
        (RegistryChangeRow.kind == newest.c.kind)
        & (RegistryChangeRow.scope == newest.c.scope)
        & (RegistryChangeRow.number == newest.c.number)
    )
    before = session.scalars(select(RegistryChangeRow).join(newest, same)).all()
    mine = select(RegistryChangeRow).where(*_changes(month))
    during = session.scalars(mine.order_by(RegistryChangeRow.at).limit(_MOST_CHANGES)).all()
    rows = sorted([*before, *during], key=lambda row: (row.kind, row.scope, row.number))
    names = names_of(session, [row.by for row in rows])
    return [_change(row, later, names) for row, later in zip_longest(rows, rows[1:])]


def _change(row: RegistryChangeRow, later: RegistryChangeRow | None, names: Names) -> Change:
    use, by = use_of(row), None if row.by is None else names[row.by]
    until = later.at if later is not None and (later.kind, later.scope) == (row.kind, row.scope) else None
    return Change(row.kind, row.scope, row.action, use.version, use.other, use.percent, row.at, until, by)
