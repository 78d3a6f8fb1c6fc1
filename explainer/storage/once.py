"""Insert unless it is there, in one statement.

Looking first and writing then would fail twice over: two requests can both look before either writes, and SQLite
refuses to turn a read transaction into a write one when another writer came between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from explainer.storage.base import Base


def insert_once(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is new; leave the others as they are."""
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))
