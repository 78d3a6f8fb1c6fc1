"""Every request has an id, the caller's or ours: in the answer, in every problem, in every line of the log."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = b"x-request-id"
_VALID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_CURRENT: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """Return the id of the request that is being answered; None outside of one."""
    return _CURRENT.get()


@contextmanager
def identified(given: bytes | None) -> Iterator[str]:
    """Yield the id of a request for the block: the given one if it is well formed, else a new one."""
    is_good = given is not None and _VALID.fullmatch(given)
    request_id = given.decode("ascii") if given is not None and is_good else secrets.token_hex(16)
    token = _CURRENT.set(request_id)
    try:
        yield request_id
    finally:
        _CURRENT.reset(token)
