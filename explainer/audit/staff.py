"""Who of the shop did something: records hold a random id in place of a name, which can go without any of them.

A record proves itself by its digest for as long as it is kept, so whatever stands in it stays. A name stands in one
table only, and once its row is gone nobody can tell any more whose the id was, while all that they did stays on record,
and stays told apart from what others did.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.audit.log import append
from explainer.storage.access_tables import StaffRow
from explainer.storage.erasing import begin_writing
from explainer.storage.once import insert_once
from explainer.storage.retention import without_salt
from explainer.storage.staff import PREFIX

NOTED, FORGOTTEN = "staff.noted", "staff.forgotten"


def on_record(session: Session, name: str) -> str:
    """Return the id that stands in records for a person, a key or whoever is at the command line.

    The first time it is made, with an audit entry that vouches for whose it is.

    Args:
        session: Open session, in which nothing was written yet that others of the same name would wait for.
        name: As they are known now; empty for nobody, which stays empty.
    """
    if not name:
        return name
    begin_writing(session)
    mine = select(StaffRow).where(StaffRow.name == name)
    known = session.scalar(mine)
    if known is not None:
        return known.id
    fresh = PREFIX + secrets.token_hex(8)
    insert_once(session, StaffRow, [{"id": fresh, "name": name}])
    row = session.scalars(mine).one()
    if row.id == fresh:
        append(session, NOTED, row.id, staff_record(row))
    return row.id


def forget(session: Session, name: str) -> bool:
    """Remove the name of somebody, so that nobody can tell what they did; return whether it was there."""
    begin_writing(session)
    row = session.scalar(select(StaffRow).where(StaffRow.name == name))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    without_salt(session, [row.id])
    append(session, FORGOTTEN, row.id, {"id": row.id})
    return True


def staff_record(row: StaffRow) -> dict[str, Any]:
    """Return what the audit entry of an id is about."""
    return {"id": row.id, "name": row.name}
