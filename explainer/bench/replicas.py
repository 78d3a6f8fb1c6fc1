"""Two replicas on one database: restarted one after the other under load, and left without the database."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from explainer.bench.engine_down import Home
from explainer.bench.home import OWN, copy_catalogue, key_for, make_home, users_of
from explainer.bench.outage import Outage, outage
from explainer.bench.postgres import own_postgresql
from explainer.bench.replica_client import Trial
from explainer.bench.rolling import Rolling, rolling
from explainer.settings import Settings
from explainer.storage.database import Database

_USERS = 100


class Replicas(msgspec.Struct):
    """All of it."""

    rolling: Rolling
    outage: Outage


def measure(say: Callable[[str], None], trial: Trial | None = None) -> Replicas:
    """Try two replicas on a home and a PostgreSQL that are gone afterwards.

    Args:
        say: Is told what is being done.
        trial: How hard.

    Raises:
        MissingLibraryError: If there is no PostgreSQL to start.
    """
    with tempfile.TemporaryDirectory(prefix="explainer-replicas-") as scratch, own_postgresql() as url:
        settings = Settings(home=Path(scratch) / "home", database_url=None)
        say("Fitting a recommender")
        make_home(settings, OWN)
        database = Database(url)
        copy_catalogue(Database(settings.url), database)
        log = Path(scratch) / "servers.log"
        home = Home(settings.home, url, key_for(database), users_of(database, _USERS), log)
        say("Restarting replicas under load")
        rolled = asyncio.run(rolling(home, trial))
        say("Taking the database away")
        away = asyncio.run(outage(home, trial))
        database.engine.dispose()
    return Replicas(rolled, away)
