"""Erasures that a restored backup has forgotten are carried out again.

An erasure that was carried out in a database has its row there. A line of the erasure list without one is of an
erasure that came after the backup, or was cut short. Of several about one person the last one counts, and a person who
came back after it is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, carry_out
from explainer.service.subject.listed import Line
from explainer.service.subject.receipts import Receipt
from explainer.service.subject.records import AGAIN
from explainer.service.subject.shared import backup_note, require_shared_key, warn_of_another_list
from explainer.storage.database import Database
from explainer.storage.erasing import clear
from explainer.storage.personal import NAMING
from explainer.storage.removal_tables import ErasureRow

_log = logging.getLogger(__name__)
_CHUNK = 5000
_BY = "erasure list"


def prepare_erasing(database: Database, erasing: Erasing) -> None:
    """Make good what a restored backup has forgotten, as a service starts, and warn of a list that would be restored.

    Raises:
        ErasureError: If the list cannot be read, or others use another key with this database.
    """
    if note := backup_note(database.url, erasing.list):
        _log.warning("%s", note)
    reapply(database, erasing)


def reapply(database: Database, erasing: Erasing) -> Sequence[Receipt]:
    """Carry out what the list has and the database has not, and return the receipts.

    Several processes may do so at once: each line is carried out by one of them.

    Raises:
        ErasureError: If the list cannot be read, or others use another key with this database.
    """
    require_shared_key(database, erasing.list)
    with database.session() as session:
        warn_of_another_list(session, erasing.list)
        missing = _missing(session, erasing.list.lines())
        users = _recognised(session, erasing.key, missing) if missing else {}
    done = (carry_out(database, erasing, line, users.get(code), _BY, AGAIN) for code, line in missing.items())
    receipts = [receipt for receipt in done if receipt is not None]
    if receipts:
        clear(database, {table for receipt in receipts for table in receipt.counts})
    for receipt in receipts:
        _log.warning(
            "Erasure %s was not in the database and was carried out again: %d rows",
            receipt.id,
            sum(receipt.counts.values()),
        )
    return receipts


def _missing(session: Session, lines: Sequence[Line]) -> Mapping[str, Line]:
    """Return the last line about each person that the database does not know, by code."""
    last = {line.code: line for line in lines}
    known: set[str] = set()
    ids = [line.id for line in last.values()]
    for start in range(0, len(ids), _CHUNK):
        known |= set(session.scalars(select(ErasureRow.id).where(ErasureRow.id.in_(ids[start : start + _CHUNK]))))
    return {code: line for code, line in last.items() if line.id not in known}


def _recognised(session: Session, key: ErasureKey, missing: Mapping[str, Line]) -> dict[str, str]:
    """Return the users whose code is missing, by code."""
    return {code: user for user in _users(session) if (code := key.code(user)) in missing}


def _users(session: Session) -> Iterator[str]:
    """Yield everybody whom the database names, in order, thousands in memory at a time."""
    named = union(*(select(column.label("user")) for column in NAMING)).subquery()
    query = select(named.c.user).order_by(named.c.user).limit(_CHUNK)
    found = session.scalars(query).all()
    while found:
        yield from found
        found = session.scalars(query.where(named.c.user > found[-1])).all()
