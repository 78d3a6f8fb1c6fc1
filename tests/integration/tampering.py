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


def unbind(connection):
    """Have the database look at no foreign key on this connection: what was changed is for the log's check to find."""
    words = {"postgresql": "SET LOCAL session_replication_role = replica", "sqlite": "PRAGMA foreign_keys=OFF"}
    connection.execute(text(words[connection.dialect.name]))


def tamper(database, *statements):
    """Run statements on a log that nothing guards any more."""
    unguard(database)
    with database.engine.begin() as connection:
        unbind(connection)
        for statement in statements:
            connection.execute(text(statement))
