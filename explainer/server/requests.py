"""Requests whose body may be anything: what is no JSON, or of other types than asked for, is the caller's mistake."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import SerializationException, ValidationException


class CarefulRequest(Request[Any, Any, Any]):
    """A request that refuses a body of bytes that are no text, or nested without end, as it refuses other non-JSON."""

    async def json(self) -> Any:  # noqa: ANN401  as its parent
        """Return the body.

        Raises:
            SerializationException: If it is no JSON.
            ValidationException: If a value is of another type than the handler asks for.
        """
        try:
            body = await super().json()
        except UnicodeDecodeError as error:
            raise SerializationException("The body is not UTF-8.") from error
        except RecursionError as error:
            raise SerializationException("The body is nested too deeply.") from error
        data = self.route_handler.parsed_data_field
        if data is not None and isinstance(data.annotation, type) and issubclass(data.annotation, msgspec.Struct):
            _require_types(body, data.annotation)
        return body


def _require_types(body: object, kind: type[msgspec.Struct]) -> None:
    """Refuse what would be read as the asked type though it is another: "5" for a number, 1 for true.

    Litestar reads bodies as leniently as queries, which are all text; what even that refuses it tells best itself.
    """
    try:
        msgspec.convert(body, kind, strict=True)
    except msgspec.ValidationError as error:
        try:
            msgspec.convert(body, kind, strict=False)
        except msgspec.ValidationError:
            return
        raise ValidationException(f"Validation failed: {error}") from error
