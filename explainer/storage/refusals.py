"""What drivers raise → our errors, in one place.

SQLite's driver has a class for each kind of trouble, pg8000 one for all and the SQLSTATE in a dictionary (PostgreSQL
manual, Appendix A). Neither message is passed on where it may quote a row: a row is somebody's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from explainer.errors import BusyError, ConflictError, ExplainerError, ValueRefusedError

_BUSY_S = 2
_DATA = "22"
# Connection lost, rolled back (deadlock), out of resources, locked, shutting down.
_PASSING = ("08", "40", "53", "55", "57")


@contextmanager
def told() -> Iterator[None]:
    """Run the block; raise what its driver raises as ours.

    Raises:
        ConflictError: If the database refuses what was written.
        ValueRefusedError: If it cannot hold a value.
        BusyError: If it cannot be used now.
    """
    try:
        yield
    except PoolTimeout as error:
        raise BusyError("All connections to the database are in use; try again.", _BUSY_S) from error
    except DBAPIError as error:
        raise _ours(error) from error


def _ours(error: DBAPIError) -> ExplainerError:
    state, message = _said(error)
    if isinstance(error, DataError) or state.startswith(_DATA):
        return ValueRefusedError(f"The database cannot hold this value: {message}.")
    if state.startswith(_PASSING) or (not state and isinstance(error, OperationalError | InterfaceError)):
        return BusyError(f"The database cannot be used now: {message}.", _BUSY_S)
    return ConflictError(f"The database refused the change: {message}.")


def _said(error: DBAPIError) -> tuple[str, str]:
    """Return SQLSTATE (empty where there is none) and message, without the detail that quotes a row."""
    fields = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if isinstance(fields, dict):
        return str(fields.get("C", "")), str(fields.get("M", "no message"))
    return "", str(error.orig)
