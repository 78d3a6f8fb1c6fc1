"""A port, taken before anything is loaded: whoever starts a second service learns it in a moment, not in a minute."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from explainer.errors import SettingsError

_CAUSES = {
    errno.EADDRINUSE: "something listens there already; choose another with --port or EXPLAINER_PORT",
    errno.EACCES: "this user may not have that port; choose one above 1023 with --port or EXPLAINER_PORT",
    errno.EADDRNOTAVAIL: "this machine has no such address; choose another with --host or EXPLAINER_HOST",
}
_UNKNOWN_HOST = "there is no such address; choose another with --host or EXPLAINER_HOST"


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket that listens, and close it after the block.

    It listens from the start, or a second process could still bind to the port: who connects before the service is
    ready waits until it is.

    Args:
        host: Address or name; where a name stands for several, the first one counts.
        port: Port; 0 for any that is free.

    Raises:
        SettingsError: If it cannot be had; the message says which setting to change.
    """
    with _bound(host, port) as bound:
        yield bound


def _bound(host: str, port: int) -> socket.socket:
    made: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart must not wait for old connections
        made.bind(address)
        made.listen()
    except (OSError, UnicodeError) as error:
        if made is not None:
            made.close()
        unknown = isinstance(error, socket.gaierror | UnicodeError)
        cause = _UNKNOWN_HOST if unknown else _CAUSES.get(getattr(error, "errno", 0) or 0, str(error))
        raise SettingsError(f"Port {port} of {host} can't be used: {cause}.") from error
    return made
