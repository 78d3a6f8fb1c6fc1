"""Parts of the explanations, one a month, on PostgreSQL: the index of a month fits where that of all years would not.

An explanation's id begins with its time (:mod:`explainer.storage.ids`), so a month is a range of ids, and whatever is
looked for by its id is looked for in one part: no query needs the time, and ids stay unique as in one table. Random
ids from before lie in ``explanations_undated``, and what has no part of its own in ``explanations_rest``: nothing fails
where nobody made a month in time, its explanations just stay there. Months are made ahead by ``explainer migrate``, and
by every process of the service whose role may call the function that does it (see :mod:`explainer.storage.grants`).
A month that an old random id falls in by chance was made when explanations were divided (migration 0019), 60 at most:
a part for it in each later month for a million old explanations; with that many, months end after about five years.
What is looked for otherwise is looked for in every part: a page of a person's explanations takes 0.8 ms of the
database's time in six parts and 4 ms in sixty, for 0.5 ms in one table.

The audit log is one table, on purpose. Its entries are numbered without gaps, and that no two have the same number is
for the database to say. PostgreSQL can say it across parts only where these are ranges of numbers; at which number a
month will end nobody knows before. Divided by time, two parts could each hold an entry 17, and divided by round numbers
it would not be by months, and slower: with 24 such parts the entries of a record were found half as fast (1,311 lookups
a second for 2,545), eight writers appended 18 % fewer entries and batches 28 % fewer. It would gain little: nothing is
ever removed from it, entries are written at its end and read by their numbers, and as ids of explanations begin with
the time the index of these grows at its end, too. And every part would be another table for triggers and grants to
guard.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from explainer.errors import BusyError, NotReadyError
from explainer.storage.base import now
from explainer.storage.refusals import told

_log = logging.getLogger(__name__)

AHEAD = 3
"""Months after this one that are made."""
_MAKE = text("SELECT explanations_make_months(:ahead)")
_HAS_PART = text("SELECT to_regclass(:part) IS NOT NULL")
_MAY_MAKE = text("SELECT has_function_privilege('explanations_make_months(integer)', 'EXECUTE')")
_TRIES, _BETWEEN_S = 10, 0.1


def make_months(engine: Engine) -> None:
    """Make the parts of this month and the next ones, where they are not there, each in a transaction of its own.

    A month of which there already is something in the rest has to do without. Nobody is waited for.

    Raises:
        BusyError: If others use at this moment what a new part needs.
        NotReadyError: If parts are missing and this role may not make them.
        ExplainerError: If the database cannot be used, or refuses.
    """
    if engine.dialect.name != "postgresql":
        return
    with told():
        while _make_one(engine):
            pass


def _make_one(engine: Engine) -> bool:
    with engine.begin() as connection:
        if connection.scalar(_MAY_MAKE):
            return bool(connection.scalar(_MAKE, {"ahead": AHEAD}))
        missing = [month for month in _months(now(), AHEAD + 1) if not _has_part(connection, month)]
    if missing:
        raise NotReadyError(
            f"Explanations of {', '.join(missing)} have no part in the database, and this role may not make it. "
            "As the owner of the tables, let it, or make them, with: explainer migrate --grant-to ROLE"
        )
    return False


def try_to_make_months(engine: Engine) -> None:
    """Make them, or say in the program's log why that could not be done now: made months ahead, they can wait."""
    try:
        _make_in_a_free_moment(engine)
    except (BusyError, NotReadyError) as error:
        _log.warning("The parts of the next months could not be made now, migrate again later: %s", error)


def _make_in_a_free_moment(engine: Engine) -> None:
    for _ in range(_TRIES - 1):
        with suppress(BusyError):
            return make_months(engine)
        time.sleep(_BETWEEN_S)
    return make_months(engine)


def month_note(connection: Connection, at: datetime | None = None) -> str:
    """Return what is amiss with the parts of a month, by default the present one, and the next; else nothing."""
    if connection.dialect.name != "postgresql":
        return ""
    this, following = _months(at or now(), 2)
    notes = []
    if not _has_part(connection, this):
        notes.append(
            f"Explanations of {this} have no part of their own in the database: they lie in explanations_rest, and "
            "stay there. The next months get theirs by: explainer migrate"
        )
    if not _has_part(connection, following):
        notes.append(f"Explanations of {following} have no part of their own yet; make it by: explainer migrate")
    return ". ".join(notes)


def _months(at: datetime, number: int) -> list[str]:
    """Return that month and those after it, as 2026-11."""
    first = at.year * 12 + at.month - 1
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, first + number)]


def _has_part(connection: Connection, month: str) -> bool:
    return bool(connection.scalar(_HAS_PART, {"part": f"explanations_{month.replace('-', '_')}"}))
