"""How often somebody may ask: so many requests per window of a minute, counted by all processes together.

The shared truth is one row per bucket. A process leases a twentieth of the limit from it in one statement and spends
that in memory, so hundreds of requests a second cost a few writes a minute. What a process leased and did not spend is
lost to the others until the window ends: the limit is never exceeded, and may be missed by a twentieth per process.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import and_, case, delete, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from explainer.access.roles import Caller, Role
from explainer.errors import RateLimitError
from explainer.storage.database import Database
from explainer.storage.service_tables import RateRow

WINDOW_S = 60
SIGN_IN = "sign-in"
_SHARES = 20


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests per minute.

    Attributes:
        app: Of one program.
        people: Of one person, or one key of a person's role.
        sign_in: Tries to sign in from one address.
    """

    app: int = 60_000
    people: int = 600
    sign_in: int = 30

    def of(self, role: Role) -> int:
        """Return the limit of a caller with this role."""
        return self.app if role is Role.APP else self.people


@dataclass(slots=True)
class _Lease:
    """What this process may still spend of a bucket in a window; ``over`` once the window has no more to give."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    window: int = -1
    left: int = 0
    over: bool = False


class Limiter:
    """Counts requests, and refuses those above the limit.

    Args:
        database: Where all processes count.
        rates: The limits.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, rates: Rates | None = None, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._rates = rates or Rates()
        self._clock = clock
        self._guard = threading.Lock()
        self._window = -1
        self._leases: dict[str, _Lease] = {}
        self._refused: Counter[str] = Counter()

    @property
    def refused(self) -> Mapping[str, int]:
        """Requests that were refused here, by role, and tries to sign in."""
        with self._guard:
            return dict(self._refused)

    def admit(self, caller: Caller) -> None:
        """Count one request of somebody who may ask.

        Raises:
            RateLimitError: If it is one too many.
        """
        self._admit(caller.role, caller.name, self._rates.of(caller.role))

    def admits_at_once(self, caller: Caller) -> bool:
        """Count one request if what was leased has one left, without waiting for anything; else count nothing."""
        window = int(self._clock() // WINDOW_S)
        lease = self._leases.get(_bucket(caller.role, caller.name))
        if lease is None or not lease.lock.acquire(blocking=False):
            return False
        try:
            if lease.window < window or not lease.left:
                return False
            lease.left -= 1
            return True
        finally:
            lease.lock.release()

    def admit_sign_in(self, address: str) -> None:
        """Count one try to sign in.

        Args:
            address: The client's; those of one IPv6 network of 64 bits, which one client has for itself, are one.

        Raises:
            RateLimitError: If it is one too many.
        """
        self._admit(SIGN_IN, network_of(address), self._rates.sign_in)

    def _admit(self, kind: str, name: str, limit: int) -> None:
        wait_s = self._spend(_bucket(kind, name), limit)
        if wait_s:
            with self._guard:
                self._refused[str(kind)] += 1
            raise RateLimitError(f"That is more than {limit} requests in a minute; try again in {wait_s} s.", wait_s)

    def _spend(self, bucket: str, limit: int) -> int:
        """Take one request out of the bucket; return 0, or the seconds to wait if there is none left."""
        lease = self._lease(bucket)
        with lease.lock:
            window = int(self._clock() // WINDOW_S)
            if lease.window < window or not (lease.left or lease.over):
                lease.window, lease.left = self._borrow(bucket, window, limit)
                lease.over = not lease.left
            if lease.left:
                lease.left -= 1
                return 0
            return max(1, math.ceil((lease.window + 1) * WINDOW_S - self._clock()))

    def _lease(self, bucket: str) -> _Lease:
        window = int(self._clock() // WINDOW_S)
        with self._guard:
            is_new, self._window = window > self._window, max(window, self._window)
            if is_new:
                self._leases.clear()  # or every address that ever tried to sign in would stay
            lease = self._leases.setdefault(bucket, _Lease())
        if is_new:
            with self._database.session() as session:
                session.execute(delete(RateRow).where(RateRow.window < window - 1))
        return lease

    def _borrow(self, bucket: str, window: int, limit: int) -> tuple[int, int]:
        """Return what could be leased: (window, requests); none if the window has no more."""
        chunk = max(1, limit // _SHARES)
        with self._database.session() as session:
            found = _lease_out(session, bucket, window, chunk, limit)
        if found is None:
            return window, 0
        at, used = found
        return at, chunk - max(0, used - limit)


def _lease_out(session: Session, bucket: str, window: int, chunk: int, limit: int) -> tuple[int, int] | None:
    """Add a chunk to what the bucket's window has given out, in one statement.

    Returns:
        The window and what it has given out now, which the last chunk may bring above the limit: that part of it must
        not be spent. None if it has given out everything.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    # A process whose clock is a moment behind goes on in the window that the others have begun. A window further ahead
    # was some wrong clock's, and must not keep everybody out until it is reached.
    stands = and_(RateRow.window >= window, RateRow.window <= window + 1)
    statement = (
        dialect.insert(RateRow)
        .values(bucket=bucket, window=window, used=chunk)
        .on_conflict_do_update(
            index_elements=[RateRow.bucket],
            set_={
                "used": case((stands, RateRow.used + chunk), else_=chunk),
                "window": case((stands, RateRow.window), else_=window),
            },
            where=or_(~stands, RateRow.used < limit),
        )
        .returning(RateRow.window, RateRow.used)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


def _bucket(kind: str, name: str) -> str:
    return f"{kind}:{name}"


def network_of(address: str) -> str:
    """Return the address, or the network of 64 bits of an IPv6 one; anything else as it is, cut."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), 64), strict=False))
