"""Jobs that were given up, tried anew: when what they failed of was mended."""

from __future__ import annotations

from collections.abc import Collection

from explainer.storage.database import Database
from explainer.storage.jobs import UPGRADE, revive
from explainer.storage.revisions import await_again

_AT_ONCE = 500


def revived(database: Database, kinds: Collection[str], recommender: str) -> int:
    """Have all of them tried anew, and readers wait for them again; return how many they are.

    Args:
        database: Where they are.
        kinds: Which jobs.
        recommender: Version of what can do them; those of others stay as they are.
    """
    return sum(_all_of(database, kind, recommender) for kind in kinds)


def _all_of(database: Database, kind: str, recommender: str) -> int:
    number = 0
    while True:
        with database.writing() as session:
            found = revive(session, kind, recommender, _AT_ONCE)
            if kind == UPGRADE:
                for one in found:
                    await_again(session, one)
        number += len(found)
        if len(found) < _AT_ONCE:
            return number
