"""Query parameters that nobody reads are refused: ``?usr=u1`` must not list everybody, as if it had been heard."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute

ANY_QUERY = {"any_query": True}
"""For the ``opt`` of an operation that is asked by machines which add what they like."""
_TAKEN = "query"
_MOST_NAMED, _LONGEST_NAME = 10, 60
Connection = ASGIConnection[Any, Any, Any, Any]


class QueryNames(ReceiveRoutePlugin):
    """Notes in every handler's ``opt`` which query parameters it takes, itself and through its dependencies."""

    def receive_route(self, route: BaseRoute) -> None:
        """Read them from what Litestar extracts for the handlers of a route."""
        if isinstance(route, HTTPRoute):
            for handler, model in route.route_handler_map.values():
                handler.opt[_TAKEN] = frozenset(one.field_alias for one in model.expected_query_params)


async def require_known_query(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of all that the OpenAPI document tells of: refuse parameters that the handler does not take.

    Pages are not in it: links to them come from anywhere, and what they show is what their forms say. Those that search
    refuse by themselves.

    Raises:
        ValidationException: If there are some; it names them, and those there are.
    """
    if not connection.scope["query_string"] or handler.opt.get("any_query"):
        return
    if not isinstance(handler, HTTPRouteHandler) or not handler.resolve_include_in_schema():
        return
    taken = taken_by(handler)
    strange = unknown_in(connection, taken)
    if strange:
        errors = [{"message": "Unknown parameter", "key": name, "source": "query"} for name in strange]
        raise ValidationException(refusal(strange, taken), extra=errors)


def taken_by(handler: BaseRouteHandler) -> frozenset[str]:
    """Return the query parameters that a handler of an app with :class:`QueryNames` takes."""
    taken: frozenset[str] = handler.opt[_TAKEN]
    return taken


def unknown_in(connection: Connection, taken: Collection[str]) -> list[str]:
    """Return the first names in a request's query that are none of these, cut where they are long."""
    given = parse_qsl(connection.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    strange = [name for name in dict.fromkeys(name for name, _ in given) if name not in taken]
    return [name[:_LONGEST_NAME] for name in strange[:_MOST_NAMED]]


def refusal(strange: Collection[str], taken: Collection[str]) -> str:
    """Return what is said of unknown parameters: which, and which there are."""
    there_are = f"there are {', '.join(sorted(taken))}" if taken else "there are none"
    return f"There is no parameter {', '.join(map(repr, strange))} here; {there_are}."
