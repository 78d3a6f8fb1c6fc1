"""Who looks at a customer's record, and what for: programs say so in two headers, people when they have signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request
from litestar.exceptions import PermissionDeniedException, ValidationException
from litestar.params import HeaderParameter
from sqlalchemy.orm import Session

from explainer.access.purposes import MAX_PURPOSE, MAX_TICKET, MIN_PURPOSE, check_purpose
from explainer.errors import AccessError
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of
from explainer.service.telling import rests_on_private, tells_of
from explainer.service.views import Looker, note_look

_WHY = "Needed, both, by support to see sensitive evidence; goes on record with the view."


def _length(least: int, most: int) -> dict[str, Any]:
    """Say it in the document only: what is counted are characters, once they are read as the UTF-8 that they are."""
    return {"minLength": least, "maxLength": most}


TicketHeader = Annotated[
    str | None,
    HeaderParameter(name="X-Ticket", description=f"Ticket of the case. {_WHY}", schema_extra=_length(1, MAX_TICKET)),
]
PurposeHeader = Annotated[
    str | None,
    HeaderParameter(name="X-Purpose", description=f"What for. {_WHY}", schema_extra=_length(MIN_PURPOSE, MAX_PURPOSE)),
]


def looker_of(
    request: Request[Any, Any, Any], x_ticket: TicketHeader = None, x_purpose: PurposeHeader = None
) -> Looker:
    """Return who looks; the dependency ``looker`` of every handler that shows a customer's record.

    Raises:
        ValidationException: If only one of the headers is given, or one is too short or long.
    """
    caller, sign_in = caller_of(request), request.state["sign_in"]
    if x_ticket is None and x_purpose is None:
        return Looker(caller, sign_in.ticket, sign_in.purpose)
    ticket, purpose = _text(x_ticket), _text(x_purpose)
    try:
        check_purpose(ticket, purpose)
    except AccessError as error:
        raise ValidationException(f"X-Ticket and X-Purpose: {error}") from error
    return Looker(caller, ticket, purpose)


def looked(explainer: Explainer, looker: Looker, user: str, what: str, *, sensitive: bool = False) -> None:
    """Record a look at what is masked for nobody; an app's costs nothing."""
    if not looker.is_app:
        with explainer.database.session() as session:
            note_look(session, looker, user, what, sensitive=sensitive)


def require_purpose(session: Session, looker: Looker, user: str, names: Sequence[str]) -> bool:
    """Return whether an answer about a user and these may tell that they met something private; then refuse it, if so.

    Args:
        session: Open session.
        looker: Who asks.
        user: About whom.
        names: Ids of items, or of the user's behaviours.

    Raises:
        PermissionDeniedException: If it may, and support gives no ticket and purpose.
    """
    tells = tells_of(session, user, names)
    if tells and not looker.sees_sensitive:
        raise _needs_case()
    return tells


def require_purpose_without(explainer: Explainer, looker: Looker, user: str, names: Sequence[str]) -> bool:
    """Return whether the user's list without these would rest on what is private alone; then refuse it, if so.

    Args:
        explainer: The pipeline.
        looker: Who asks.
        user: Whose list.
        names: What is left out: ids of items, or of the user's behaviours.

    Raises:
        PermissionDeniedException: If it would, and support gives no ticket and purpose.
    """
    tells = rests_on_private(explainer, user, names)
    if tells and not looker.sees_sensitive:
        raise _needs_case()
    return tells


def _needs_case() -> PermissionDeniedException:
    return PermissionDeniedException("This tells of a private life: give X-Ticket and X-Purpose.")


def _text(header: str | None) -> str:
    """Return a header as it was written: HTTP hands it on as Latin-1, most programs write UTF-8."""
    try:
        return (header or "").encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header or ""
