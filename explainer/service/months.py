"""Has the parts of the next months made while the service runs, by whichever of its processes may."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from explainer.errors import BusyError, ExplainerError
from explainer.storage.database import Database
from explainer.storage.months import make_months

_LOG = logging.getLogger(__name__)
_EVERY_S, _AGAIN_S = 3600.0, 10.0


class MonthsAhead:
    """Looks after them once an hour, and more often while others are in the way; several processes may.

    Args:
        database: Where they are.
        clock: Seconds that only grow.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._next = self._well_at = clock()
        self._told = ""

    def look(self) -> None:
        """Make what is missing, unless it is too early to try again; why it cannot be done goes to the log, once."""
        at = self._clock()
        if at < self._next:
            return
        self._next = at + _EVERY_S
        try:
            make_months(self._database.engine)
        except BusyError as error:
            # Who tries waits for nobody, and nobody for them: a busy day can be tried through for a free moment.
            self._next = at + _AGAIN_S
            if at - self._well_at >= _EVERY_S:
                self._tell(error)
        except ExplainerError as error:
            self._tell(error)
        else:
            self._well_at, self._told = at, ""

    def _tell(self, error: ExplainerError) -> None:
        if str(error) != self._told:
            self._told = str(error)
            _LOG.warning("The parts of the next months cannot be made; it is tried again: %s", error)
