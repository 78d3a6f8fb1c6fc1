"""What an operator sees of one server of the pool; knows no HTTP, so that any part may tell of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What an operator sees of a server; its URL holds no password, since none is taken.

    Attributes:
        url: Its base URL.
        up: Whether it is asked, and answered the last time.
        trouble: What is wrong with it; empty if nothing is known to be.
        in_flight: Requests under way to it,
        limit: and how many may be.
        requests: Requests for texts so far,
        failures: and how many of them brought none.
        latency_s: Seconds in which it last listed its models; None if it never did.
        base: Where it says it loaded the base model from; empty if it does not say,
        adapter: and the adapter; the same as the base where the two are one file.
    """

    url: str
    up: bool
    trouble: str
    in_flight: int
    limit: int
    requests: int
    failures: int
    latency_s: float | None
    base: str = ""
    adapter: str = ""
