"""Every operation of the document, completed by what its handler does not have to say.

From a handler's ``opt`` follow security and the refusals that come with it, from its parameters and body those of
input, from the types that it takes and returns their examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, Operation, Parameter, RequestBody
from litestar.plugins import ReceiveRoutePlugin
from litestar.response.base import Response
from litestar.routes import BaseRoute, HTTPRoute

from explainer.access import Scope
from explainer.access.roles import GRANTS
from explainer.server.document.examples import EXAMPLES, TEXTS
from explainer.server.document.problems import problem_reference
from explainer.server.document.words import PARAMETERS
from explainer.server.documented import Problem

EMBED = "Embed"
_KEYS: list[dict[str, list[str]]] = [{"ApiKey": []}, {"Bearer": []}]
_READING = frozenset({"GET"})
_FIRST_ERROR = 400


class Documentation(ReceiveRoutePlugin):
    """Lets the operations of every route that the app gets be completed when the document is made."""

    def receive_route(self, route: BaseRoute) -> None:
        """Say how operations of these handlers are made."""
        if isinstance(route, HTTPRoute):
            for handler, _ in route.route_handler_map.values():
                handler.operation_class = _described(handler)


def _described(handler: HTTPRouteHandler) -> type[Operation]:
    class Described(Operation):
        def __init__(self, **values: Any) -> None:  # noqa: ANN401  what the base takes
            super().__init__(**values)
            _complete(self, handler)

    return Described


def _complete(operation: Operation, handler: HTTPRouteHandler) -> None:
    scope = handler.opt.get("scope")
    operation.security = _KEYS if isinstance(scope, Scope) else list(handler.resolve_security() or [])
    operation.description = f"{operation.description}\n\n{_who(scope, operation)}"
    for parameter in operation.parameters or ():
        if isinstance(parameter, Parameter):
            parameter.description = parameter.description or PARAMETERS.get(parameter.name)
    _complete_body(operation, handler)
    _complete_success(operation, handler)
    problems = {str(status): problem_reference(status) for status in _statuses(operation, handler)}
    operation.responses = dict(sorted(((operation.responses or {}) | problems).items()))


def _who(scope: object, operation: Operation) -> str:
    if isinstance(scope, Scope):
        return f"Roles: {', '.join(role for role, scopes in GRANTS.items() if scope in scopes)}."
    return "Needs no key, but a token for this explanation." if _by_token(operation) else "Needs no key."


def _by_token(operation: Operation) -> bool:
    return any(EMBED in way for way in operation.security or ())


def _statuses(operation: Operation, handler: HTTPRouteHandler) -> Iterator[int]:
    """Yield the statuses of the problems that it can answer with, what the handler names included."""
    named = handler.responses or {}
    for status in map(int, operation.responses or {}):
        if status >= _FIRST_ERROR and (status not in named or named[status].data_container is Problem):
            yield status
    if operation.request_body is not None:
        yield from (400, 413)
    if any(isinstance(one, Parameter) and one.param_in == "path" for one in operation.parameters or ()):
        yield 404
    if isinstance(handler.opt.get("scope"), Scope):
        yield from (400, 401, 403, 429, 503)
    if _by_token(operation):
        yield from (401, 503)
    if operation.security and not _READING.issuperset(handler.http_methods):
        yield 409


def _complete_body(operation: Operation, handler: HTTPRouteHandler) -> None:
    body, field = operation.request_body, handler.parsed_data_field
    if not isinstance(body, RequestBody) or field is None:
        return
    kind = next((one.annotation for one in field.inner_types if not one.is_none_type), field.annotation)
    body.required = not field.is_optional
    body.description = body.description or _about(kind)
    for media in body.content.values():
        _show(media, EXAMPLES.get(kind, ()))


def _complete_success(operation: Operation, handler: HTTPRouteHandler) -> None:
    kind = _returned(handler)
    response = (operation.responses or {}).get(str(handler.status_code))
    if not isinstance(response, OpenAPIResponse):
        return
    if handler.response_description is None:
        response.description = _about(kind) or "Done; there is nothing to add."
    texts = TEXTS.get(operation.operation_id or "")
    for media in (response.content or {}).values():
        _show(media, EXAMPLES.get(kind, ()) if texts is None else (texts,))


def _returned(handler: HTTPRouteHandler) -> Any:  # noqa: ANN401  a type
    field = handler.parsed_fn_signature.return_type
    if field.is_subclass_of(Response):
        return field.inner_types[0].annotation if field.inner_types else None
    return field.annotation


def _about(kind: Any) -> str | None:  # noqa: ANN401  a type
    """Return the first sentence of what a Struct says of itself."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return (getdoc(kind) or "").partition("\n")[0] or None
    return None


def _show(media: OpenAPIMediaType, examples: tuple[Any, ...]) -> None:
    if media.examples is None and examples:
        # Structs stay what they are: what Litestar makes of plain values has lost their nulls.
        media.examples = {f"example {number}": Example(value=one) for number, one in enumerate(examples, 1)}
