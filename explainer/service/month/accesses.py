"""Who looked at people's records in a month; whose they were is not told."""

from __future__ import annotations

from datetime import date

import msgspec
from sqlalchemy import Integer, cast, distinct, func, outerjoin, select
from sqlalchemy.orm import Session

from explainer.access import Role
from explainer.service.month.calendar import Month
from explainer.service.month.within import in_month
from explainer.storage.access_tables import StaffRow
from explainer.storage.portable import utc_day
from explainer.storage.reading_tables import ViewRow

MOST = 20
"""How many people are named."""


class Looks(msgspec.Struct, frozen=True):
    """Looks of one role on one day."""

    day: date
    role: str
    n: int


class Viewer(msgspec.Struct, frozen=True):
    """A person or program of the shop.

    Attributes:
        name: As they sign in; an id where they were removed since.
        looks: How often they looked,
        unmasked: how often with sensitive evidence before them,
        without_ticket: and how often of these as support without naming a ticket, which only support has to.
        tickets: How many different tickets they named.
    """

    name: str
    role: str
    looks: int
    unmasked: int
    without_ticket: int
    tickets: int


class Accesses(msgspec.Struct, frozen=True):
    """Looks at records in a month.

    Attributes:
        looks: How often somebody looked,
        unmasked: with sensitive evidence before them,
        without_ticket: and this as support without naming a ticket, which only support has to.
        tickets: Different tickets that were named.
        viewers: Different people and programs.
        by_day: Looks by day and role.
        busiest: Those who looked most often, twenty at most.
    """

    looks: int
    unmasked: int
    without_ticket: int
    tickets: int
    viewers: int
    by_day: list[Looks]
    busiest: list[Viewer]


def count_accesses(session: Session, month: Month) -> Accesses:
    """Return who looked in a month."""
    mine = in_month(ViewRow.at, month)
    unmasked = func.coalesce(func.sum(cast(ViewRow.unmasked, Integer)), 0)
    # With the person, an erasure also removes for what somebody looked; at others, a purpose says that it did.
    named_nothing = (ViewRow.ticket == "") & (ViewRow.purpose == "") & (ViewRow.subject != "")
    bare = func.coalesce(
        func.sum(cast(ViewRow.unmasked & named_nothing & (ViewRow.role == Role.SUPPORT.value), Integer)), 0
    )
    tickets = func.count(distinct(func.nullif(ViewRow.ticket, "")))
    counts = (func.count(), unmasked, bare, tickets)
    # Looks from before names stood in records by ids have the names themselves.
    name = func.coalesce(StaffRow.name, ViewRow.viewer)
    named_looks = outerjoin(ViewRow, StaffRow, StaffRow.id == ViewRow.viewer)
    looks, shown, without, named, viewers = session.execute(
        select(*counts, func.count(distinct(name))).select_from(named_looks).where(mine)
    ).one()
    day = utc_day(ViewRow.at).label("day")
    by_day = session.execute(
        select(day, ViewRow.role, func.count()).where(mine).group_by(day, ViewRow.role).order_by(day, ViewRow.role)
    )
    people = select(name, ViewRow.role, *counts).select_from(named_looks).where(mine).group_by(name, ViewRow.role)
    busiest = session.execute(people.order_by(func.count().desc(), name, ViewRow.role).limit(MOST))
    return Accesses(
        looks=looks,
        unmasked=shown,
        without_ticket=without,
        tickets=named,
        viewers=viewers,
        by_day=[Looks(date.fromisoformat(when), role, n) for when, role, n in by_day],
        busiest=[Viewer(*row) for row in busiest],
    )
