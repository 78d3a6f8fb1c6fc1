"""The support page: answer a ticket in one screen."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from explainer.access import Scope
from explainer.access.purposes import is_line
from explainer.access.sign_ins import set_purpose
from explainer.errors import AccessError
from explainer.pipeline import Explainer
from explainer.server.auth import COOKIE, caller_of, needs, to_login
from explainer.server.schemas import CursorParameter
from explainer.server.support_find import Asked, CaseForm, find_page, found_page
from explainer.server.support_record import record_page
from explainer.service.suppress import MAX_REASON, suppress
from explainer.service.views import Looker

_Field = Annotated[str, QueryParameter(max_length=200)]
_RECORD = "/support/explanations/"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ReasonForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a text is taken back."""

    reason: str = ""
    csrf: str = ""


class SupportController(Controller):
    """For support agents: find what was shown, understand it, reply, take it back."""

    path = "/support"
    opt = needs(Scope.SUPPRESS, page=True)
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", sync_to_thread=True)
    def find(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        user: _Field = "",
        item: _Field = "",
        key: Annotated[str, QueryParameter(name="id", max_length=200)] = "",
        since: _Field = "",
        until: _Field = "",
        cursor: CursorParameter = None,
    ) -> Template | Redirect:
        """Return the form, and what it finds; an id leads straight to its record.

        Only an id does: whatever else somebody may have pasted there is not for an address.
        """
        if _ID.fullmatch(wanted := key.strip().lower()):
            return Redirect(_RECORD + wanted, status_code=HTTP_303_SEE_OTHER)
        if wanted:
            return find_page(request, looker, wrong="support.no_id")
        asked = Asked(user.strip(), item.strip(), since.strip(), until.strip())
        return found_page(request, explainer, looker, asked, cursor)

    @post("/purpose", sync_to_thread=True)
    def purpose(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        data: URLEncodedBody[CaseForm],
    ) -> Redirect | Template:
        """Keep ticket and purpose for everything that is looked at from now on."""
        try:
            with explainer.database.session() as session:
                set_purpose(session, request.cookies.get(COOKIE, ""), data.ticket.strip(), data.purpose.strip())
        except AccessError:
            return find_page(request, looker, case=data, wrong="support.case_wrong")
        return Redirect(data.way_back, status_code=HTTP_303_SEE_OTHER)

    @get("/explanations/{explanation_id:str}", sync_to_thread=True)
    def record(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        explanation_id: FromPath[str],
    ) -> Template:
        """Return one explanation as it was shown, beside what would be told today."""
        return record_page(request, explainer, looker, explanation_id)

    @post("/explanations/{explanation_id:str}/suppress", sync_to_thread=True)
    def suppress(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        explanation_id: FromPath[str],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect | Template:
        """Show the text to no customer any more."""
        if not is_line(data.reason, MAX_REASON):
            return record_page(request, explainer, looker, explanation_id, refused=data.reason)
        suppress(explainer.database, explanation_id, data.reason.strip(), caller_of(request).name)
        return Redirect(_RECORD + explanation_id, status_code=HTTP_303_SEE_OTHER)
