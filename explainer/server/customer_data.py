"""What a customer may ask for on their page: all that is held about them, and that it goes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Stream, Template
from litestar.status_codes import HTTP_200_OK

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of, needs, to_login
from explainer.server.rendering import is_fragment, page
from explainer.server.schemas import Identifier
from explainer.server.subjects import everything_about
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.words import TABLES
from explainer.service.views import Looker, note_look
from explainer.storage.erasing import held_counts

_User = Annotated[str, QueryParameter(min_length=1, max_length=200)]


class EraseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That somebody is to be erased, and that whoever sends it knows what that means."""

    user: Identifier
    sure: Annotated[str, msgspec.Meta(pattern="^yes$")]
    csrf: str = ""


class CustomerDataController(Controller):
    """Download and deletion; without script they are pages of their own."""

    path = "/data"
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/export", opt=needs(Scope.EXPORT, page=True), sync_to_thread=True)
    def export(self, user: _User, explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]) -> Stream:
        """Return everything about a user as a ZIP file; goes on record."""
        return everything_about(user, explainer, looker)

    @get("/erase", opt=needs(Scope.ERASE, page=True), sync_to_thread=True)
    def ask(
        self,
        request: Request[Any, Any, Any],
        user: _User,
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
    ) -> Template:
        """Return what would go, and ask if that is meant."""
        with explainer.database.session() as session:
            note_look(session, looker, user, "what is held")
            held = held_counts(session, user)
        told = {name: number for name, number in held.items() if name in TABLES}
        template = "customer/_erase.html" if is_fragment(request) else "customer/erase.html"
        return page(request, template, user=user, held=told, names=TABLES)

    @post("/erase", opt=needs(Scope.ERASE, page=True), sync_to_thread=True, status_code=HTTP_200_OK)
    def erase(
        self,
        request: Request[Any, Any, Any],
        data: URLEncodedBody[EraseForm],
        explainer: NamedDependency[Explainer],
        erasing: NamedDependency[Erasing],
    ) -> Template:
        """Remove everything about a user, for good, and show the receipt; sent again, it shows the same one."""
        receipt = erase(explainer.database, erasing, data.user, caller_of(request).name)
        kept = msgspec.json.format(msgspec.json.encode(receipt), indent=2).decode()
        return page(request, "customer/erased.html", receipt=receipt, kept=kept)
