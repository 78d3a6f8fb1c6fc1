"""Requests may hold anything: what is no text, no JSON or not of the types asked for is the caller's mistake."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import SerializationException, ValidationException
from litestar.handlers import BaseRouteHandler

_AT = " - at `$."


async def require_text(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of everything that needs a key: refuse an address that is no UTF-8; else its bytes would be replaced.

    Raises:
        ValidationException: If it is none.
    """
    if not handler.opt.get("public"):
        await require_text_anyhow(connection, handler)


async def require_text_anyhow(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: as :func:`require_text`, of what is open, too.

    Raises:
        ValidationException: If the address is no UTF-8.
    """
    if not is_text(b"?".join((connection.scope.get("raw_path") or b"", connection.scope["query_string"]))):
        raise ValidationException("The address is not UTF-8, percent-encoded.")


def is_text(encoded: bytes) -> bool:
    """Return whether what is percent-encoded is UTF-8."""
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True


class CarefulRequest(Request[Any, Any, Any]):
    """A request that takes a body as it is written, or refuses it.

    Litestar reads "5" as a number and 0 as false, as it must in a query; in JSON everything has a type. It lets bytes
    that are no text, and what is nested without end, end in errors of our own.
    """

    async def json(self) -> Any:  # noqa: ANN401  as its parent
        """Return the body, as the type that the handler takes.

        Raises:
            SerializationException: If it is no JSON.
            ValidationException: If it is of another type.
        """
        try:
            return self._as_taken(await super().json())
        except UnicodeDecodeError as error:
            raise SerializationException("The body is not UTF-8.") from error
        except RecursionError as error:
            raise SerializationException("The body is nested too deeply.") from error

    def _as_taken(self, body: Any) -> Any:  # noqa: ANN401  as its parent
        field = getattr(self.route_handler, "parsed_data_field", None)
        if field is None:
            return body
        try:
            return msgspec.convert(body, field.annotation)
        except msgspec.ValidationError as error:
            message, _, key = str(error).partition(_AT)
            wrong = {"message": message, "source": "body"} | ({"key": key.rstrip("`")} if key else {})
            raise ValidationException(f"Validation failed for {self.method} {self.url.path}", extra=[wrong]) from error
