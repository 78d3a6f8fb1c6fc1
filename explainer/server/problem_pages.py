"""A problem as a page, for people; programs get the same as problem+json."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from explainer.server.rendering import is_fragment, page

Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]
_FOR_PROGRAMS = ("/v1/", "/health/", "/metrics", "/static/", "/docs-assets/")
_KINDS = {400: "bad", 401: "sign_in", 403: "forbidden", 404: "not_found", 409: "conflict", 429: "busy", 503: "busy"}


def as_page(answer: Handler) -> Handler:
    """Return the error handler that gives a browser a page with what ``answer`` says, and others what it says."""

    def answer_reader(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        said = answer(request, error)
        return _page_of(request, said) if _is_for_people(request) else said

    return answer_reader


def _is_for_people(request: Request[Any, Any, Any]) -> bool:
    if request.url.path.startswith(_FOR_PROGRAMS):
        return False
    return is_fragment(request) or "text/html" in request.headers.get("accept", "")


def _page_of(request: Request[Any, Any, Any], said: Response[Any]) -> Response[Any]:
    status = said.status_code or HTTP_500_INTERNAL_SERVER_ERROR
    made = page(
        request,
        "_problem.html" if is_fragment(request) else "problem.html",
        status_code=status,
        status=status,
        kind=_KINDS.get(status, "ours" if status >= HTTP_500_INTERNAL_SERVER_ERROR else "bad"),
        detail=said.content.get("detail", "") if isinstance(said.content, dict) else "",
        wait=said.headers.get("Retry-After", ""),
    )
    for name, value in said.headers.items():
        made.headers.setdefault(name, value)
    return made
