"""All that a service keeps, to look for words in it: the database, and what lies in its home."""

from __future__ import annotations

from sqlalchemy import text

from explainer.storage.base import Base


def kept(database, home):
    """Return the bytes of every file of a home; of a PostgreSQL, whose files are not ours, the rows of every table.

    A file of SQLite's holds all that was ever written unless it was overwritten; what a free page of PostgreSQL's
    holds nobody reaches by SQL, and how long it does is told where it is cleared.
    """
    found = {path.name: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            for name in Base.metadata.tables:
                rows = connection.scalars(text(f'SELECT one::text FROM "{name}" AS one'))
                found[name] = "\n".join(rows).encode()
    return found
