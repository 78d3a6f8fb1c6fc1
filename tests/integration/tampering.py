"""What somebody does who has the database to themselves."""

from __future__ import annotations

from sqlalchemy import text

_FIND = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_entries', 'audit_nodes')"


def unguard(database):
    """Take away the triggers that keep the log from being changed, as its owner can."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for table in ("audit_entries", "audit_nodes"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            return
        for (name,) in connection.execute(text(_FIND)).all():
            connection.execute(text(f"DROP TRIGGER {name}"))


def tamper(database, *statements):
    """Run statements on a log that nothing guards any more."""
    unguard(database)
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
