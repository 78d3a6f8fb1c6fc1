"""What the OpenAPI document says of answers that are no success, and of rows that are judged one by one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from explainer.server.problems import PROBLEM_JSON

_WHEN = {
    400: "The request cannot be read: not JSON, a wrong type, an unknown field, too many of something.",
    401: "No key, or one that does not work.",
    403: "The key's role may not do this.",
    404: "There is no such thing.",
    409: "It contradicts what is stored, or others change the same at this moment: try again.",
    413: "The body is larger than this takes.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "It cannot be done now; try again later.",
}


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not answered as it wanted (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the ``responses`` of a handler that can answer with these problems, besides a missing or closed key."""
    return {status: _spec(status) for status in sorted({401, 403, *statuses})}


def _spec(status: int) -> ResponseSpec:
    example = Problem("about:blank", HTTPStatus(status).phrase, status, _WHEN[status])
    return ResponseSpec(
        Problem,
        generate_examples=False,
        description=_WHEN[status],
        media_type=PROBLEM_JSON,
        examples=[Example(summary=HTTPStatus(status).phrase, value=msgspec.to_builtins(example))],
    )


def answers(
    status: int, kind: type[msgspec.Struct], description: str, example: msgspec.Struct
) -> dict[int, ResponseSpec]:
    """Return the ``responses`` of a success, with an example."""
    examples = [Example(summary=description, value=msgspec.to_builtins(example))]
    return {status: ResponseSpec(kind, generate_examples=False, description=description, examples=examples)}


def rows_of(shape: type[msgspec.Struct], *examples: Any) -> msgspec.Meta:  # noqa: ANN401  JSON
    """Return what the document says of a list whose rows are judged one by one: their shape, and examples."""
    _, components = msgspec.json.schema_components([shape])
    (schema,) = components.values()
    return msgspec.Meta(extra_json_schema={"examples": [list(examples)], "extra": {"items": schema}})
