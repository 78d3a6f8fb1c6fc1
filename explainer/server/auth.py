"""Who may ask: an API key, in a header for programs, in a cookie for the page."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect

from explainer.storage.database import Database
from explainer.storage.keys import find_key

COOKIE = "explainer_key"
_SCHEME = "bearer "
Connection = ASGIConnection[Any, Any, Any, Any]


def is_known(database: Database, key: str) -> bool:
    """Return whether the key exists."""
    if not key:
        return False
    with database.session() as session:
        return find_key(session, key) is not None


def header_key(connection: Connection) -> str:
    """Return the key from ``X-API-Key`` or ``Authorization: Bearer``, else an empty string."""
    authorization = connection.headers.get("authorization", "")
    bearer = authorization[len(_SCHEME) :].strip() if authorization.lower().startswith(_SCHEME) else ""
    return connection.headers.get("x-api-key", bearer)


async def require_header_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of the API. The page's cookie does not open it, so another site cannot make a browser call it.

    Raises:
        NotAuthorizedException: Without a known key.
    """
    if not await sync_to_thread(is_known, connection.app.state.database, header_key(connection)):
        raise NotAuthorizedException(
            "Give a valid API key in the header X-API-Key.", headers={"WWW-Authenticate": "Bearer"}
        )


async def require_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of pages: a header or the cookie.

    Raises:
        NotAuthorizedException: Without a known key.
    """
    key = header_key(connection) or connection.cookies.get(COOKIE, "")
    if not await sync_to_thread(is_known, connection.app.state.database, key):
        raise NotAuthorizedException("Sign in at /login, or give an API key in the header X-API-Key.")


def to_login(_: Request[Any, Any, Any], __: NotAuthorizedException) -> Redirect:
    """Send a person without a key to the sign-in page."""
    return Redirect("/login")
