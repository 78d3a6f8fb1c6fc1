"""Requests whose body may be anything: what is no JSON is the caller's mistake, in whichever way it is none."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.exceptions import SerializationException


class CarefulRequest(Request[Any, Any, Any]):
    """A request that refuses a body of bytes that are no text, or nested without end, as it refuses other non-JSON."""

    async def json(self) -> Any:  # noqa: ANN401  as its parent
        """Return the body.

        Raises:
            SerializationException: If it is no JSON.
        """
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise SerializationException("The body is not UTF-8.") from error
        except RecursionError as error:
            raise SerializationException("The body is nested too deeply.") from error
