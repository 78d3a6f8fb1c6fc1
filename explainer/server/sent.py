"""Paths as they were sent: an id in one may hold slashes, percent-encoded.

Servers decode a path before it is routed, and the router drops empty pieces: of "u1%2F" it would make u1, who is
somebody else. So the router is given a path whose pieces are those that were sent, and parameters are decoded after it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

Connection = ASGIConnection[Any, Any, Any, Any]
_USER = "user"
_NO_USER = re.compile("/*[^/]+/+[^/]+//")
_BEHIND_USER = re.compile("(?:/+[^/]+){4}/(.*)")  # of /v1/users/u1/tags/a//b it is a//b


class AsSent:
    """An ASGI app that is given paths whose pieces are as they were sent, with "%" and "/" in them encoded.

    Args:
        app: Routes and answers; :func:`take_as_sent` must be among its guards.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == ScopeType.HTTP and "%" in (raw := _raw(scope)):
            pieces = map(unquote, raw.split("/"))
            scope["path"] = "/".join(piece.replace("%", "%25").replace("/", "%2F") for piece in pieces)
        await self._app(scope, receive, send)


async def take_as_sent(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of everything: decode what the router took from the path.

    What stands behind a user and may hold slashes need not have them encoded.

    Raises:
        ValidationException: If the user is empty, so that what comes behind was taken for one.
    """
    taken, raw = connection.path_params, _raw(connection.scope)
    if _USER in taken and _NO_USER.match(raw):
        raise ValidationException("The user in the path is empty; give an id.")
    rest = _BEHIND_USER.fullmatch(raw) if _USER in taken else None
    if rest is not None or "%" in raw:
        # A new mapping: the router remembers its own. What may hold slashes begins with one.
        connection.scope["path_params"] = {
            name: unquote(rest[1] if rest is not None and value.startswith("/") else value)
            for name, value in taken.items()
        }


def _raw(scope: Scope) -> str:
    return (scope.get("raw_path") or b"").partition(b"?")[0].decode("latin-1")
