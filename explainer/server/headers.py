"""What every answer tells the browser: guess no types, frame nothing, keep nothing, run only our own scripts.

A handler that needs another policy sets the header itself, or says so in its ``opt``. The rules follow OWASP's HTTP
headers cheat sheet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar.types import Message, Scope

ASSET = {"asset": True}
"""For the ``opt`` of a handler that serves files which are the same for everybody: browsers may keep them a while."""
CROSS_ORIGIN = {"cross_origin": True}
"""For the ``opt`` of a handler whose answer other sites may load, as the script that they embed."""

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_NOTHING = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ERRORS = 400
_HSTS = (b"strict-transport-security", b"max-age=31536000")


async def harden(message: Message, scope: Scope) -> None:
    """Add the headers to an answer, as Litestar's ``before_send`` hook: it also sees answers to unknown paths."""
    if message["type"] != "http.response.start":
        return
    handler = scope.get("route_handler")
    opt: Mapping[str, Any] = {} if handler is None else handler.opt
    told = {name.lower(): value for name, value in message["headers"]}
    keeps = opt.get("asset") and message["status"] < _ERRORS
    is_page = told.get(b"content-type", b"").startswith(b"text/html")
    wanted = [
        *_ALWAYS,
        (b"content-security-policy", _PAGE if is_page else _NOTHING),
        (b"cross-origin-resource-policy", b"cross-origin" if opt.get("cross_origin") else b"same-origin"),
        (b"cache-control", b"public, max-age=300" if keeps else b"no-store"),
        *([_HSTS] if scope["scheme"] == "https" else []),
    ]
    message["headers"] = [*message["headers"], *(header for header in wanted if header[0] not in told)]
