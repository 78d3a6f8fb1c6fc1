"""Workers that PostgreSQL tells of new jobs: whoever waits for a text need not wait for their next look as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from explainer.service.jobs.afterwork import Afterwork
from explainer.storage.database import Database
from explainer.storage.notices import JOBS, Notices
from explainer.writing.engines.background import Background


@contextmanager
def woken(database: Database, afterwork: Afterwork) -> Iterator[None]:
    """Have it looked for jobs during the block whenever the database tells of some; where it does not, do nothing."""
    if database.engine.dialect.name != "postgresql":
        yield
        return
    background = Background("notices")
    background.start(Notices(database.direct, JOBS, afterwork.wake, afterwork.wake).run())
    try:
        yield
    finally:
        background.stop()
