"""Insert rows that are known to be new, many by one statement."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, inspect
from sqlalchemy.orm import Session

from explainer.storage.tables import Base


def insert_new(session: Session, rows: Sequence[Base]) -> None:
    """Insert rows of one table as they are, in half the time that a session takes to find out that they are new.

    They stay outside the session; what the database fills in itself is not read back.
    """
    if rows:
        names = inspect(type(rows[0])).column_attrs.keys()
        session.execute(insert(type(rows[0])), [{n: vars(row)[n] for n in names if n in vars(row)} for row in rows])
