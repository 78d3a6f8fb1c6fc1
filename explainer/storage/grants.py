"""What a service may do in PostgreSQL when it does not own the tables: all it needs, and nothing to the log but add.

Triggers refuse to change the log, and whoever owns a table can take its triggers away. So the tables are one role's,
who migrates, and the service signs in as another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, inspect, text

from explainer.errors import NotReadyError
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow
from explainer.storage.database import Database
from explainer.storage.refusals import told

ONLY_GROW = frozenset({AuditEntryRow.__tablename__, AuditNodeRow.__tablename__})
"""Tables that nobody changes; the log's salts and subjects go when a person is erased."""
_MAINTAIN_SINCE = 170_000
_PARTS = text(
    "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid "
    "WHERE relkind = 'r' AND inhparent = 'explanations'::regclass"
)
_MAKES_MONTHS = "EXECUTE ON FUNCTION explanations_make_months(integer)"
_IS_ROLE = text("SELECT 1 FROM pg_roles WHERE rolname = :name")


def grant_service(database: Database, role: str) -> None:
    """Let a role serve, and take from it whatever it may do beyond that to the tables; again after each migration.

    Args:
        database: Signed in as the owner of the tables.
        role: Name of a role that is there, and owns none of them.

    Raises:
        NotReadyError: If this is no PostgreSQL, there is no such role, or it owns the tables.
        ExplainerError: If the database refuses.
    """
    if database.engine.dialect.name != "postgresql":
        raise NotReadyError("Roles are PostgreSQL's: set EXPLAINER_DATABASE_URL to a database there.")
    with told(), database.engine.begin() as connection:
        _require(connection, role)
        for statement in _statements(connection, role):
            connection.exec_driver_sql(statement)


def _require(connection: Connection, role: str) -> None:
    name = _quoted(connection, role)
    if connection.scalar(_IS_ROLE, {"name": role}) is None:
        raise NotReadyError(f"There is no role {role!r}; make it first: CREATE ROLE {name} LOGIN PASSWORD '…'")
    if connection.scalar(text("SELECT pg_has_role(:name, current_user, 'MEMBER')"), {"name": role}):
        raise NotReadyError(
            f"{role!r} may do all that the owner of the tables may, so nothing can be refused to it; "
            "name a role that neither is nor belongs to the one that migrates."
        )


def _statements(connection: Connection, role: str) -> list[str]:
    name, schema = _quoted(connection, role), _quoted(connection, connection.dialect.default_schema_name or "public")
    maintain = ["MAINTAIN"] if _version(connection) >= _MAINTAIN_SINCE else []  # to vacuum what was erased
    parts = set(connection.scalars(_PARTS))
    found = [f"GRANT USAGE ON SCHEMA {schema} TO {name}", f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}"]
    for table in sorted(inspect(connection).get_table_names()):
        own, rights = _quoted(connection, table), ", ".join(_rights(table, parts, maintain))
        found += [f"REVOKE ALL ON {own} FROM {name}, PUBLIC"]
        found += [f"GRANT {rights} ON {own} TO {name}"] if rights else []
    return [*found, f"GRANT {_MAKES_MONTHS} TO {name}"]


def _rights(table: str, parts: Collection[str], maintain: Sequence[str]) -> Sequence[str]:
    if table in parts:
        return maintain  # all else is asked of the whole table
    if table in ONLY_GROW:
        return ["SELECT", "INSERT"]
    return ["SELECT", "INSERT", "UPDATE", "DELETE", *maintain]


def _version(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
