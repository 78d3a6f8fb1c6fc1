"""Who looks at a customer's record, and what for: programs say so in two headers, people when they have signed in."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.exceptions import PermissionDeniedException, ValidationException
from litestar.params import HeaderParameter
from sqlalchemy.orm import Session

from explainer.access.purposes import MAX_PURPOSE, MAX_TICKET, MIN_PURPOSE, check_purpose
from explainer.errors import AccessError
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of
from explainer.service.views import Looker, note_look
from explainer.storage.private import is_private_item

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


def looked(explainer: Explainer, looker: Looker, user: str, what: str) -> None:
    """Record a look at what is masked for nobody; an app's costs nothing."""
    if not looker.is_app:
        with explainer.database.session() as session:
            note_look(session, looker, user, what)


def require_purpose(session: Session, looker: Looker, item: str) -> None:
    """Refuse to say anything about a user and an item if that may tell whether they met it, and that is sensitive.

    Raises:
        PermissionDeniedException: If support gives no ticket and purpose.
    """
    if not looker.sees_sensitive and is_private_item(session, item):
        raise PermissionDeniedException("This item tells of a private life: give X-Ticket and X-Purpose.")


def _text(header: str | None) -> str:
    """Return a header as it was written: HTTP hands it on as Latin-1, most programs write UTF-8."""
    try:
        return (header or "").encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header or ""
