"""What handlers say of themselves in the OpenAPI document; :mod:`explainer.server.document` adds what holds for all."""

from __future__ import annotations

import msgspec
from litestar.openapi.datastructures import ResponseSpec

from explainer.server.problems import PROBLEM_JSON

WHEN = {
    400: "The request cannot be read: not JSON, a wrong type, an unknown field or parameter, too many of something.",
    401: "No key, or one that does not work.",
    403: "The key's role may not do this.",
    404: "There is no such thing.",
    406: "There are no texts in this language; `available` lists those there are.",
    409: "It contradicts what is stored, or others change the same at this moment: try again.",
    413: "The body is larger than this takes.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "It cannot be done now; Retry-After says when to come back.",
}
"""Status → what it means here."""


class Problem(msgspec.Struct, frozen=True):
    """Marks a status whose body is a problem document."""


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the ``responses`` of a handler that can answer with these problems, too.

    Everybody's need not be named: what comes of keys, limits, bodies, paths and a database that is busy.
    """
    return {
        status: ResponseSpec(Problem, generate_examples=False, description=WHEN[status], media_type=PROBLEM_JSON)
        for status in statuses
    }


def rows_of(shape: type[msgspec.Struct]) -> msgspec.Meta:
    """Return what the document says of a list whose rows are judged one by one: their shape."""
    _, components = msgspec.json.schema_components([shape])
    (schema,) = components.values()
    return msgspec.Meta(extra_json_schema={"extra": {"items": schema}})
