"""Who asks, and whether they may: an API key, in a header for programs, in a cookie for pages.

Every handler names the scope it needs in its ``opt``; the guard stands in front of the whole app, so that a handler
which forgot to is closed. Only what says :data:`PUBLIC` is open.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect

from explainer.access import Caller, Scope
from explainer.storage.database import Database
from explainer.storage.keys import find_key

COOKIE = "explainer_key"
PUBLIC = {"public": True}
"""For the ``opt`` of a handler that needs no key."""
_SCHEME = "bearer "
Connection = ASGIConnection[Any, Any, Any, Any]


def needs(scope: Scope, *, page: bool = False) -> dict[str, object]:
    """Return the ``opt`` of a handler that needs a scope.

    Args:
        scope: What the caller must be allowed.
        page: Whether it is for people: then the cookie opens it, too. It never opens the API, so another site cannot
            make a browser call it.
    """
    return {"scope": scope, "page": page}


async def authorize(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of everything: let through whoever has the handler's scope, and put the caller into the connection.

    Raises:
        NotAuthorizedException: Without a key that works.
        PermissionDeniedException: With one that may not do this, and for every handler that names no scope.
    """
    if handler.opt.get("public"):
        return
    scope = handler.opt.get("scope")
    if not isinstance(scope, Scope):
        raise PermissionDeniedException("Nobody may do this.")
    caller = await sync_to_thread(caller_of, connection.app.state.database, _key(connection, page=handler.opt["page"]))
    if caller is None:
        raise NotAuthorizedException(
            "Give an API key that works in the header X-API-Key.", headers={"WWW-Authenticate": "Bearer"}
        )
    if not caller.may(scope):
        raise PermissionDeniedException(f"The role {caller.role} may not do this here: it needs {scope}.")
    connection.state["caller"] = caller


def caller_of(database: Database, key: str) -> Caller | None:
    """Return who has the key."""
    if not key:
        return None
    with database.session() as session:
        return find_key(session, key)


def header_key(connection: Connection) -> str:
    """Return the key from ``X-API-Key`` or ``Authorization: Bearer``, else an empty string."""
    authorization = connection.headers.get("authorization", "")
    bearer = authorization[len(_SCHEME) :].strip() if authorization.lower().startswith(_SCHEME) else ""
    return connection.headers.get("x-api-key", bearer)


def _key(connection: Connection, *, page: bool) -> str:
    return header_key(connection) or (connection.cookies.get(COOKIE, "") if page else "")


def to_login(_: Request[Any, Any, Any], __: NotAuthorizedException) -> Redirect:
    """Send a person without a key to the sign-in page."""
    return Redirect("/login")
