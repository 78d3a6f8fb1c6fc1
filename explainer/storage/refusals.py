"""What drivers raise → our errors, in one place.

SQLite's driver has a class for each kind of trouble, pg8000 one for all and the SQLSTATE in a dictionary (PostgreSQL
manual, Appendix A). Neither message is passed on where it may quote a row: a row is somebody's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from explainer.errors import BusyError, ConflictError, ExplainerError, ValueRefusedError

_BUSY_S = 2
_DATA = "22"
# Connection lost, a plan of another schema, a name that was lost, rolled back (deadlock), out of resources, locked,
# shutting down.
_PASSING = ("08", "0A", "26", "40", "53", "55", "57")


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
    except (ConnectionError, TimeoutError) as error:  # pg8000 lets some of these through as they are
        raise BusyError("The connection to the database broke; try again.", _BUSY_S) from error


def note_lost(context: ExceptionContext) -> None:
    """Listen to an engine's errors: a connection that broke is not used again, whatever the driver calls it."""
    if isinstance(context.original_exception, ConnectionError | TimeoutError):
        context.is_disconnect = True


def _ours(error: DBAPIError) -> ExplainerError:
    state, message = _said(error)
    if isinstance(error, DataError) or state.startswith(_DATA):
        return ValueRefusedError(f"The database cannot hold this value: {message}.")
    if state.startswith(_PASSING) or (not state and _is_passing(error)):
        return BusyError(f"The database cannot be used now: {message}.", _BUSY_S)
    return ConflictError(f"The database refused the change: {message}.")


def _is_passing(error: DBAPIError) -> bool:
    """Return whether an error without a SQLSTATE may be over soon."""
    # SQLite's driver has one class for a database that is locked and for a table that is not there.
    code = getattr(error.orig, "sqlite_errorname", "")
    return isinstance(error, OperationalError | InterfaceError) and code != "SQLITE_ERROR"


def _said(error: DBAPIError) -> tuple[str, str]:
    """Return SQLSTATE (empty where there is none) and message, without the detail that quotes a row."""
    fields = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if isinstance(fields, dict):
        return str(fields.get("C", "")), str(fields.get("M", "no message"))
    return "", str(error.orig)
