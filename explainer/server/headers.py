"""What every answer tells the browser: guess no types, frame nothing, keep nothing, run only our own scripts.

A handler that needs another policy sets the header itself, or says so in its ``opt``. The rules follow OWASP's HTTP
headers cheat sheet.
"""

from __future__ import annotations

from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

ASSET = {"asset": True}
"""For the ``opt`` of a handler that serves files which are the same for everybody: browsers may keep them a while."""
CROSS_ORIGIN = {"cross_origin": True}
"""For the ``opt`` of a handler whose answer other sites may load, as the script that they embed."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ERRORS = 400
_HSTS = "max-age=31536000"


async def harden(message: Message, scope: Scope) -> None:
    """Add the headers to an answer, as Litestar's ``before_send`` hook: it also sees answers to unknown paths."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    handler = scope.get("route_handler")
    opt: dict[str, Any] = {} if handler is None else dict(handler.opt)
    keeps = opt.get("asset") and message["status"] < _ERRORS
    is_page = headers.get("content-type", "").startswith("text/html")
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", _PAGE if is_page else _NOTHING)
    headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if opt.get("cross_origin") else "same-origin")
    headers.setdefault("Cache-Control", "public, max-age=300" if keeps else "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", _HSTS)
