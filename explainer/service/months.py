"""Has the parts of the next months made while the service runs, by whichever of its processes may."""

from __future__ import annotations

import time

from explainer.storage.database import Database
from explainer.storage.months import make_months

_EVERY_S = 3600.0


class MonthsAhead:
    """Looks after them once an hour; several processes may.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next = 0.0

    def look(self) -> None:
        """Make what is missing, unless that was tried in the last hour.

        Raises:
            ExplainerError: If the database cannot be used now, or refuses; it is tried again in an hour.
        """
        if time.monotonic() < self._next:
            return
        # Before it is tried: who asks for the lock makes others wait for up to half a second, which is not for every
        # second of a busy day.
        self._next = time.monotonic() + _EVERY_S
        make_months(self._database.engine)
