"""Errors → problem+json (RFC 9457), in one place."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from explainer.errors import (
    AbandonedError,
    BusyError,
    ConflictError,
    CursorError,
    ErasureError,
    ExplainerError,
    LocaleError,
    NotFoundError,
    NotReadyError,
    PromptError,
    RateLimitError,
    SearchError,
    ValueRefusedError,
)
from explainer.server.problem_pages import as_page
from explainer.server.request_ids import current_request_id
from retriever.errors import RetrieverError, UnknownItemError

_LOG = logging.getLogger(__name__)
PROBLEM_JSON = "application/problem+json"
_STATUS: dict[type[Exception], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    UnknownItemError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    CursorError: HTTPStatus.BAD_REQUEST,
    LocaleError: HTTPStatus.NOT_ACCEPTABLE,
    ValueRefusedError: HTTPStatus.BAD_REQUEST,
    PromptError: HTTPStatus.BAD_REQUEST,
    SearchError: HTTPStatus.BAD_REQUEST,
    BusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    RateLimitError: HTTPStatus.TOO_MANY_REQUESTS,
    NotReadyError: HTTPStatus.SERVICE_UNAVAILABLE,
    AbandonedError: HTTPStatus.SERVICE_UNAVAILABLE,  # nobody is there to read it
}
_UNLISTED = (
    "The list of erasures outside the database, or its key, cannot be used now, so nobody was erased and nothing "
    "changed; the service's log says why."
)


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **extra: object) -> Response[object]:
    """Return a problem document with the status' own phrase as title."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": current_request_id(),
        **extra,
    }
    return Response(body, status_code=status, headers=headers, media_type=PROBLEM_JSON)


def _ours(_: Request[Any, Any, Any], error: Exception) -> Response[object]:
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, BusyError) else None
    extra = {"available": list(error.locales)} if isinstance(error, LocaleError) else {}
    if isinstance(error, ErasureError):
        _LOG.error("%s", error)  # it names files of the machine, which are nobody's business who asks
        return problem(status, _UNLISTED, headers)
    return problem(status, str(error), headers, **extra)


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[object]:
    extra = {"errors": error.extra} if isinstance(error, ValidationException) and error.extra else {}
    return problem(error.status_code, error.detail, dict(error.headers or {}), **extra)


def _unexpected(_: Request[Any, Any, Any], error: Exception) -> Response[object]:
    # The message may hold a person's data; the log gets the type and where, the client gets neither. Which request it
    # was, the access line with the same request id says.
    _LOG.error("unexpected %s", type(error).__name__, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side; the log says what.")


HANDLERS: ExceptionHandlersMap = {
    ExplainerError: as_page(_ours),
    RetrieverError: as_page(_ours),
    HTTPException: as_page(_http),
    Exception: as_page(_unexpected),
}
