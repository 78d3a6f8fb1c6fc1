"""Which other sites' pages may read our answers (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = "GET, POST"
_HEADERS = "Authorization, Content-Type"
_REMEMBERED_S = 600


class CrossOrigin(ASGIMiddleware):
    """Lets pages of these origins, and no others, read the answers; errors, too. Cookies are never asked for.

    Litestar's own CORS holds for a whole app; ours is for the part that shops' pages use.

    Args:
        origins: Allowed origins, compared as they are.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer a preflight; add headers to everything else."""
        asked = Headers.from_scope(scope)
        origin = asked.get("origin", "")
        allowed = {"Access-Control-Allow-Origin": origin} if origin in self._origins else {}
        if (
            scope["type"] == ScopeType.HTTP
            and scope["method"] == "OPTIONS"
            and "access-control-request-method" in asked
        ):
            await _preflight(send, allowed)
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers.extend_header_value("vary", "Origin")
                headers.update(allowed)
            await send(message)

        await next_app(scope, receive, add)


async def _preflight(send: Send, allowed: dict[str, str]) -> None:
    headers = {"Vary": "Origin"} | allowed
    if allowed:
        headers |= {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": str(_REMEMBERED_S),
        }
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": HTTPStatus.NO_CONTENT, "headers": raw})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
