"""Idempotency keys: the same request under the same key is answered once (IETF draft, "Idempotency-Key HTTP header").

A key is taken before the work and filled in by the very transaction that stores what was made, so that there is never
one without the other. Whoever repeats it meanwhile is told to come back; a key whose work never ended, because the
process died, can be taken again after a while.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from explainer.errors import BusyError, ConflictError
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.explanation_tables import PromiseRow
from explainer.storage.once import insert_once

_GIVEN_UP_AFTER = timedelta(minutes=2)
_UNDER_WAY = "The same request is being answered right now; ask again in a few seconds."


_Taken = tuple[str, str, datetime]
Seal = Callable[[Session, Sequence[str]], None]
"""Notes what was made, by its ids, in the transaction that stores it."""


class Promises:
    """Keeps them; safe to use from several threads.

    Args:
        database: Where keys live.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._owed: set[_Taken] = set()

    def kept(self, caller: str, key: str, user: str, body: bytes, make: Callable[[Seal], None]) -> list[str] | None:
        """Return the ids of what was made for this request earlier; else make it, and return None.

        Args:
            caller: Whose key it is.
            key: As the request gave it.
            user: Whom the request is about: what is kept of it goes with them.
            body: The request, in one spelling.
            make: Does the work and seals it.

        Raises:
            ConflictError: If the key was used for another request.
            BusyError: If the same request is being answered right now.
        """
        self._give_back()
        digest = hashlib.sha256(body).hexdigest()
        begun = now()
        with self._database.session() as session:
            whose = {"caller": caller, "key": key, "body": digest, "user_id": user}
            insert_once(session, PromiseRow, [{**whose, "explanations": None, "created_at": begun}])
            row = session.get_one(PromiseRow, (caller, key))
            if row.body != digest:
                raise ConflictError("This Idempotency-Key was used for another request; use a new one.")
            if row.explanations is not None:
                return [str(made) for made in row.explanations]
            if row.created_at != begun:
                _take_over(session, row, begun)

        def seal(session: Session, made: Sequence[str]) -> None:
            done = update(PromiseRow).where(PromiseRow.caller == caller, PromiseRow.key == key)
            session.execute(done.values(explanations=list(made)))

        try:
            make(seal)
        except BaseException:
            with self._lock:
                self._owed.add((caller, key, begun))
            with contextlib.suppress(BusyError):  # then it is given back as soon as somebody asks us again
                self._give_back()
            raise
        return None

    def _give_back(self) -> None:
        """Let the keys of what was not made be taken again, though the database may have been away meanwhile."""
        with self._lock:
            owed = set(self._owed)
        for one in owed:
            with self._database.session() as session:
                _release(session, *one)
            with self._lock:
                self._owed.discard(one)


def _release(session: Session, caller: str, key: str, begun: datetime) -> None:
    """Forget a key, unless it was filled in: a commit may have gone through though nobody could be told."""
    row = session.get(PromiseRow, (caller, key))
    if row is not None and row.explanations is None and row.created_at == begun:
        session.delete(row)


def _take_over(session: Session, row: PromiseRow, begun: datetime) -> None:
    """Make an abandoned key ours, if nobody else does so first."""
    if row.created_at > begun - _GIVEN_UP_AFTER:
        raise BusyError(_UNDER_WAY)
    ours = update(PromiseRow).where(
        PromiseRow.caller == row.caller, PromiseRow.key == row.key, PromiseRow.created_at == row.created_at
    )
    found = session.execute(ours.values(created_at=begun).execution_options(synchronize_session=False))
    if not isinstance(found, CursorResult) or found.rowcount != 1:
        raise BusyError(_UNDER_WAY)
