"""Parts of the explanations, one a month, on PostgreSQL: the index of a month fits where that of all years would not.

An explanation's id begins with its time (:mod:`explainer.storage.ids`), so a month is a range of ids, and whatever is
looked for by its id is looked for in one part: no query needs the time, and ids stay unique as in one table. Random
ids from before lie in ``explanations_undated``, and what has no part of its own in ``explanations_rest``: nothing fails
where nobody made a month in time, its explanations just stay there. Months are made ahead by ``explainer migrate``, and
by every process of the service whose role may call the function that does it (see :mod:`explainer.storage.grants`).
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
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from explainer.errors import BusyError
from explainer.storage.refusals import told
from explainer.storage.tables import now

_log = logging.getLogger(__name__)

AHEAD = 3
"""Months after this one that are made."""
_MAKE = text("SELECT explanations_make_months(:ahead)")
_HAS_PART = text("SELECT to_regclass(:part)")
_MAY_MAKE = text("SELECT has_function_privilege('explanations_make_months(integer)', 'EXECUTE')")


def make_months(engine: Engine) -> None:
    """Make the parts of this month and the next ones, where they are not there and this role may.

    A month of which there already is something in the rest has to do without.

    Raises:
        BusyError: If others use the explanations so much that it cannot be done now.
        ExplainerError: If the database cannot be used, or refuses.
    """
    if engine.dialect.name != "postgresql":
        return
    with told():
        while _make_one(engine):
            pass


def _make_one(engine: Engine) -> bool:
    # In a transaction of its own, so that others wait for one month at most.
    with engine.begin() as connection:
        return bool(connection.scalar(_MAY_MAKE) and connection.scalar(_MAKE, {"ahead": AHEAD}))


def make_months_unless_busy(engine: Engine) -> None:
    """Make them, or say in the program's log that it could not be done now: made months ahead, they can wait."""
    try:
        make_months(engine)
    except BusyError as error:
        _log.warning("The parts of the next months could not be made now, migrate again later: %s", error)


def month_note(connection: Connection, at: datetime | None = None) -> str:
    """Return what is amiss with the part of a month, of the present one by default; empty if nothing is."""
    month = f"{at or now():%Y_%m}"
    if connection.dialect.name != "postgresql" or connection.scalar(_HAS_PART, {"part": f"explanations_{month}"}):
        return ""
    return (
        f"Explanations of {month.replace('_', '-')} have no part of their own in the database: they lie in "
        "explanations_rest, and stay there. The next months get theirs by: explainer migrate"
    )
