"""Which of several servers is asked next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Loaded(Protocol):
    """What takes a limited number of requests at once.

    Attributes:
        in_flight: Requests under way.
        limit: How many may be, at least 1.
        requests: Requests it was ever given.
    """

    in_flight: int
    limit: int
    requests: int


_Any = TypeVar("_Any", bound=Loaded)


def least_loaded(servers: Iterable[_Any]) -> _Any | None:
    """Return the server with the smallest share of its limit under way; None if no server has room.

    Of several, the one that was given least for its size, so that idle servers take turns. One that answers slowly
    keeps what it has and is given less by itself.
    """
    free = [server for server in servers if server.in_flight < server.limit]
    return min(free, key=lambda one: (one.in_flight / one.limit, one.requests / one.limit), default=None)
