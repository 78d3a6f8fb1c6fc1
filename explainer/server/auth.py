"""Who asks, and whether they may: programs by an API key in a header, people by having signed in.

Every handler names the scope it needs in its ``opt``; the guard stands in front of the whole app, so that a handler
which forgot to is closed. Only what says :data:`PUBLIC` is open.
"""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Request, Response
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_302_FOUND

from explainer.access import GRANTS, Caller, Scope
from explainer.access.people import check_password
from explainer.access.rates import Limiter
from explainer.access.sign_ins import SignIn, sign_in, signed_in
from explainer.errors import SignInError
from explainer.server.threads import Waits, note_waiting
from explainer.server.together import Together
from explainer.storage.database import Database

COOKIE = "explainer_session"
CSRF = "csrf"
PUBLIC = {"public": True}
"""For the ``opt`` of a handler that needs no key."""
SIGN_IN = {"public": True, "sign_in": True}
"""For the ``opt`` of the handler that takes passwords: open to everybody, but not often."""
_SCHEME = "bearer "
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME_SITE = frozenset({"same-origin", "none"})
Connection = ASGIConnection[Any, Any, Any, Any]


_LONG = frozenset({Scope.AUDIT, Scope.EXPORT, Scope.ERASE})
"""What these allow may read everything there is."""


def needs(scope: Scope, *, page: bool = False, waits: Waits = Waits.NEVER) -> dict[str, object]:
    """Return the ``opt`` of a handler that needs a scope.

    Args:
        scope: What the caller must be allowed.
        page: Whether it is for people who have signed in, too. A cookie never opens the API, so another site cannot
            make a browser call it.
        waits: Whether it waits for the language model; it then runs where it keeps no one else from a thread.
    """
    if scope in _LONG and waits is Waits.NEVER:
        waits = Waits.NEVER_BUT_LONG
    return {"scope": scope, "page": page, "waits": waits}


async def authorize(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of everything: let through whoever has the handler's scope, and put the caller into the connection's state.

    Raises:
        NotAuthorizedException: If nobody is known.
        PermissionDeniedException: If they may not do this, for every handler that names no scope, and for a form that
            does not carry what ours do.
        RateLimitError: If they ask too often.
    """
    if handler.opt.get("public"):
        if handler.opt.get("sign_in"):
            await sync_to_thread(connection.app.state.limiter.admit_sign_in, _address(connection))
        return
    scope = handler.opt.get("scope")
    if not isinstance(scope, Scope):
        raise PermissionDeniedException("Nobody may do this.")
    found = await _let_in(connection, scope, page=bool(handler.opt.get("page")))
    connection.state["sign_in"] = found
    if found.csrf and isinstance(connection, Request) and connection.method not in _SAFE:
        await _require_own_form(connection, found.csrf)
    note_waiting(handler.opt, connection.headers)


async def _let_in(connection: Connection, scope: Scope, *, page: bool) -> SignIn:
    """Return who asks, if they may; only then they are counted, so strangers leave no trace in the database."""
    found = await _found(connection, page=page)
    if found is None:
        raise NotAuthorizedException(
            "Give an API key that works in the header X-API-Key.", headers={"WWW-Authenticate": "Bearer"}
        )
    # Known from here on, so that the access log and a page that refuses can tell whose request it was.
    connection.state["caller"], connection.state["csrf"] = found.caller, found.csrf
    if not found.caller.may(scope):
        raise PermissionDeniedException(_refusal(found.caller, scope))
    limiter: Limiter = connection.app.state.limiter
    if not limiter.admits_at_once(found.caller):
        await sync_to_thread(limiter.admit, found.caller)
    return found


def _refusal(caller: Caller, scope: Scope) -> str:
    if scope not in GRANTS[caller.role]:
        return f"The role {caller.role} may not do this: it needs {scope}."
    return (
        f"This key was not made for this: it needs {scope}. Make one that has it, beside this one: "
        f"explainer key create NAME --role {caller.role} --scope {scope}"
    )


async def _found(connection: Connection, *, page: bool) -> SignIn | None:
    """Return who asks; somebody with a key has no form to protect."""
    key, token = header_key(connection), connection.cookies.get(COOKIE, "")
    if key:
        callers: Together[Caller] = connection.app.state.callers
        caller = await callers.ask(key)
        return None if caller is None else SignIn(caller, "")
    if not page or not token:
        return None
    return await sync_to_thread(_signed_in, connection.app.state.database, token)


def _signed_in(database: Database, token: str) -> SignIn | None:
    with database.session() as session:
        return signed_in(session, token)


async def _require_own_form(connection: Request[Any, Any, Any], csrf: str) -> None:
    given = connection.headers.get("x-csrf-token")
    if given is None:
        given = (await connection.form()).get(CSRF)
    if not isinstance(given, str) or not secrets.compare_digest(given.encode(), csrf.encode()):
        raise PermissionDeniedException("This form is not ours, or it is too old; load the page again.")


def _address(connection: Connection) -> str:
    return connection.client.host if connection.client else "unknown"


def is_from_elsewhere(connection: Connection) -> bool:
    """Return whether another site made the browser send this (Fetch Metadata)."""
    return connection.headers.get("sec-fetch-site", "none") not in _SAME_SITE


def try_sign_in(database: Database, name: str, password: str) -> str | None:
    """Return the token for the person's browser; None if that is not their password. A failure is counted."""
    with database.session() as session:
        try:
            return sign_in(session, check_password(session, name, password))
        except SignInError:
            return None


def caller_of(connection: Connection) -> Caller:
    """Return who was let through."""
    caller: Caller = connection.state["caller"]
    return caller


def header_key(connection: Connection) -> str:
    """Return the key from ``X-API-Key`` or ``Authorization: Bearer``, else an empty string."""
    authorization = connection.headers.get("authorization", "")
    bearer = authorization[len(_SCHEME) :].strip() if authorization.lower().startswith(_SCHEME) else ""
    return connection.headers.get("x-api-key", bearer)


def to_login(request: Request[Any, Any, Any], _: NotAuthorizedException) -> Response[None]:
    """Send a person whom nobody knows to the sign-in page; htmx would put it into the page that is open."""
    if request.headers.get("hx-request") == "true":
        return Response(None, status_code=HTTP_204_NO_CONTENT, headers={"HX-Redirect": "/login"})
    return Response(None, status_code=HTTP_302_FOUND, headers={"Location": "/login"})
