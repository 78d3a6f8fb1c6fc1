"""The answers that are no success: the same everywhere, so they are described once and referred to."""

from __future__ import annotations

from http import HTTPStatus

from litestar.openapi.spec import (
    Example,
    OpenAPIFormat,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Reference,
    Schema,
)

from explainer.server.documented import WHEN
from explainer.server.problems import PROBLEM_JSON

_AGAIN = OpenAPIHeader(
    description="Seconds after which another try makes sense.", schema=Schema(type=OpenAPIType.INTEGER, minimum=1)
)
_HOW = OpenAPIHeader(description="How to prove who asks.", schema=Schema(type=OpenAPIType.STRING))
_HEADERS = {401: {"WWW-Authenticate": _HOW}, 429: {"Retry-After": _AGAIN}, 503: {"Retry-After": _AGAIN}}
_MORE: dict[int, dict[str, object]] = {
    400: {"errors": [{"message": "Expected `int` <= 50", "key": "k", "source": "body"}]},
    406: {"available": ["en", "zh"]},
}
_TEXT = Schema(type=OpenAPIType.STRING)
_PROBLEM = Schema(
    type=OpenAPIType.OBJECT,
    title="Problem",
    description="Why a request was not answered as it wanted (RFC 9457).",
    required=["type", "title", "status", "detail", "request_id"],
    properties={
        "type": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.URI_REFERENCE),
        "title": Schema(type=OpenAPIType.STRING, description="The status in words."),
        "status": Schema(type=OpenAPIType.INTEGER, minimum=400, maximum=599),
        "detail": Schema(type=OpenAPIType.STRING, description="What is wrong, and how to mend it."),
        "request_id": Schema(type=OpenAPIType.STRING, description="What our log calls the request."),
        "errors": Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT), description="Where it is."),
        "available": Schema(type=OpenAPIType.ARRAY, items=_TEXT, description="The languages there are texts in."),
    },
)


def problem_responses() -> dict[str, OpenAPIResponse | Reference]:
    """Return a response for every status, by the name that :func:`problem_reference` uses."""
    return {_name(status): _response(status) for status in WHEN}


def problem_reference(status: int) -> Reference:
    """Return what stands in an operation for one of them."""
    return Reference(ref=f"#/components/responses/{_name(status)}")


def _name(status: int) -> str:
    return HTTPStatus(status).name.title().replace("_", "")


def _response(status: int) -> OpenAPIResponse:
    title = HTTPStatus(status).phrase
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": WHEN[status],
        "request_id": "0d9f4c6e2b7a41d8",
        **_MORE.get(status, {}),
    }
    return OpenAPIResponse(
        description=WHEN[status],
        headers=dict(_HEADERS.get(status, {})),
        content={
            PROBLEM_JSON: OpenAPIMediaType(schema=_PROBLEM, examples={"problem": Example(summary=title, value=body)})
        },
    )
