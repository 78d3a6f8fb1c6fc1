"""Removing somebody of the shop's staff: nobody can tell any more what they did, though all of it stays on record."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.access.people import remove_person
from explainer.storage.clearing import Clearer
from explainer.storage.database import Database
from explainer.storage.erasing import clear
from explainer.storage.staff import named_in

_TABLES = ("people", "staff", "sign_ins", "audit_salts")


def let_go(database: Database, name: str, clearer: Clearer | None = None) -> Mapping[str, int]:
    """Remove somebody and overwrite what was deleted.

    Args:
        database: Where they are on record.
        name: Of a person, a key or whoever was at the command line.
        clearer: Overwrites behind the answer where that takes long; else the caller waits for it.

    Returns:
        How many rows of each table have the name itself, since they were made before ids stood in its place.

    Raises:
        NotFoundError: If nobody of that name is there or on record.
        BusyError: If the database cannot be used now.
    """
    with database.session() as session:
        remove_person(session, name)
        left = named_in(session, name)
    if clearer is None:
        clear(database, _TABLES)
    else:
        clearer.clear(_TABLES)
    return left
