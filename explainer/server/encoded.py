"""Answers that were encoded a moment ago and still hold.

An explanation is written once; what comes later (a revision, being suppressed, being erased) is told by its version,
which is asked of the database at every read. So an answer from here is never older than the database, and costs one
small statement instead of several and their decoding.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import msgspec
from litestar.serialization import default_serializer

_encode = msgspec.json.Encoder(enc_hook=default_serializer).encode


class EncodedAnswers:
    """Keeps the newest answers; safe to use from several threads.

    Args:
        most_bytes: Bytes kept at most.
    """

    def __init__(self, most_bytes: int = 32 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[Hashable, bytes]] = OrderedDict()
        self._bytes = 0

    def known(self, name: Hashable, version: Hashable) -> bytes | None:
        """Return the answer as JSON if it is known in this very version.

        Args:
            name: What it is the answer to.
            version: Everything that it depends on and that may change.
        """
        with self._lock:
            known = self._answers.get(name)
            if known is None or known[0] != version:
                return None
            self._answers.move_to_end(name)
            return known[1]

    def made(self, name: Hashable, version: Hashable, make: Callable[[], object]) -> bytes:
        """Return the answer as JSON, made anew, and keep it.

        Args:
            name: What it is the answer to.
            version: As above.
            make: Returns what is to be encoded. It must look no earlier than the version was asked for.
        """
        body = _encode(make())
        with self._lock:
            self._forget(name)
            self._answers[name] = version, body
            self._bytes += len(body)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._answers)))
        return body

    def _forget(self, name: Hashable) -> None:
        if name in self._answers:
            _, body = self._answers.pop(name)
            self._bytes -= len(body)
