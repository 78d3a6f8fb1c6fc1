"""``Prefer: wait=N`` (RFC 7240): how long a client would rather wait for the model than have another text at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from explainer.errors import BusyError
from explainer.server.admission import Admission
from explainer.writing.patience import calling, current_call

_WAIT = re.compile(r'^wait="?(\d{1,5})"?$', re.ASCII | re.IGNORECASE)


def preferred_wait(header: str | None) -> int | None:
    """Return the seconds; None where none are given. A preference that cannot be read is ignored, as the RFC asks."""
    for preference in (header or "").split(","):
        found = _WAIT.match(preference.split(";")[0].strip().replace(" ", ""))
        if found is not None:
            return int(found[1])
    return None


class Wait:
    """A client's wish to wait for the model, granted while there is a place.

    Args:
        admission: Who may wait.
        seconds: How long; None or 0 for not at all.

    Attributes:
        headers: What the answer says of it.
    """

    def __init__(self, admission: Admission, seconds: int | None) -> None:
        self.headers: dict[str, str] = {}
        self._admission = admission
        self._seconds = seconds

    @contextmanager
    def for_the_model(self) -> Iterator[bool]:
        """Yield whether the block may wait; it then does so no longer than wished, nor than its request may take."""
        if not self._seconds:
            yield False
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(self._admission.place())
            except BusyError:  # who would have waited for a better text gets one without waiting
                yield False
                return
            self.headers = {"Preference-Applied": f"wait={self._seconds}"}
            with calling(current_call().at_most(time.monotonic() + self._seconds)):
                yield True
