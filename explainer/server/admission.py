"""A short queue in front of the language model: full means "come back", not "wait for ever"."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from explainer.errors import BusyError


class Admission:
    """Lets a limited number of requests in at once; those inside share one engine, which takes them in turn.

    Args:
        places: Requests that may be inside, the one being served included.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """Places in use."""
        with self._lock:
            return self._taken

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for the block.

        Raises:
            BusyError: If all places are taken.
        """
        with self._lock:
            if self._taken >= self.places:
                raise BusyError("Too many texts are being written; try again in a few seconds.")
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1
