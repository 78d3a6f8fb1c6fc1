"""The table of item embeddings. Only PostgreSQL with the extension pgvector has it; nothing else needs it.

It is no part of the numbered migrations, which run once: the extension may be installed long after them.
"""

from __future__ import annotations

from sqlalchemy import Connection, column, table, text
from sqlalchemy.exc import DBAPIError

from explainer.errors import NotReadyError

EMBEDDINGS = table("item_embeddings", column("space"), column("position"), column("embedding"))
"""One row per item: ``space`` names the encoder, ``position`` is that of the catalogue."""

_WHERE = "run explainer migrate on a PostgreSQL that has pgvector, or leave EXPLAINER_INDEX at memory"
_NOT_INSTALLED = "the extension pgvector is not installed on this PostgreSQL"
_TABLE = """
CREATE TABLE IF NOT EXISTS item_embeddings (
    space varchar(200) NOT NULL,
    position integer NOT NULL,
    embedding vector NOT NULL,
    CONSTRAINT pk_item_embeddings PRIMARY KEY (space, position)
)
"""


def make_table(connection: Connection) -> str | None:
    """Make extension and table unless they are there, and return why that cannot be; None if all is well.

    The caller commits. Whether it fails or not, the transaction can go on.
    """
    if connection.dialect.name != "postgresql":
        return f"pgvector is an extension of PostgreSQL, and this is {connection.dialect.name}"
    if not _is_installed(connection):
        return _NOT_INSTALLED
    try:
        with connection.begin_nested():
            # Asked for first: CREATE EXTENSION wants its rights even where there is nothing to do.
            if not connection.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'vector'")):
                connection.execute(text("CREATE EXTENSION vector"))
            connection.execute(text(_TABLE))
    except DBAPIError as error:
        return f"the database refuses the extension pgvector or its table ({error.orig})"
    return None


def require_table(connection: Connection) -> None:
    """Check that embeddings can be stored.

    Raises:
        NotReadyError: If this is no PostgreSQL, or the table or pgvector is not there.
    """
    if connection.dialect.name != "postgresql":
        raise NotReadyError(
            f"EXPLAINER_INDEX=pgvector needs PostgreSQL, and the database is {connection.dialect.name}: "
            "set EXPLAINER_DATABASE_URL, or leave EXPLAINER_INDEX at memory"
        )
    if connection.scalar(text("SELECT to_regclass('item_embeddings')")) is None:
        why = "it was not made when the database was migrated" if _is_installed(connection) else _NOT_INSTALLED
        raise NotReadyError(f"The database has no table of embeddings, for {why}: {_WHERE}")


def _is_installed(connection: Connection) -> bool:
    known = text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
    return bool(connection.scalar(known))
