"""The admin page of who may sign in."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from explainer.access import Role, Scope
from explainer.access.people import add_person, disable, list_people, set_password
from explainer.errors import ConflictError, ExplainerError
from explainer.pipeline import Explainer
from explainer.server.admin import NameForm, role_in
from explainer.server.auth import caller_of, needs, to_login
from explainer.server.rendering import page
from explainer.service.staff import let_go
from explainer.service.subject.erase import Erasing

_PEOPLE = "/admin/people"


class PersonForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may sign in."""

    name: str = ""
    role: str = ""
    password: str = ""
    csrf: str = ""


class PasswordForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new password, and whose."""

    name: str = ""
    password: str = ""
    csrf: str = ""


class PeopleController(Controller):
    """Who may sign in: added, given a new password, let in no more, removed."""

    path = _PEOPLE
    opt = needs(Scope.ADMIN, page=True)
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", sync_to_thread=True)
    def people(self, request: Request[Any, Any, Any], explainer: NamedDependency[Explainer]) -> Template:
        """Return who may sign in."""
        return _people(request, explainer)

    @post("/", sync_to_thread=True)
    def add(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        data: URLEncodedBody[PersonForm],
    ) -> Template | Redirect:
        """Let somebody sign in."""
        try:
            with explainer.database.session() as session:
                add_person(session, data.name.strip(), role_in(data.role), data.password)
        except ExplainerError as error:
            return _people(request, explainer, data, str(error))
        return Redirect(_PEOPLE, status_code=303)

    @post("/disable", sync_to_thread=True)
    def disable(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        data: URLEncodedBody[NameForm],
    ) -> Redirect:
        """Let somebody in no more; nobody locks themselves out."""
        if data.name == caller_of(request).name:
            raise ConflictError("You cannot disable yourself; another admin can.")
        with explainer.database.session() as session:
            disable(session, data.name)
        return Redirect(_PEOPLE, status_code=303)

    @post("/remove", sync_to_thread=True)
    def remove(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        erasing: NamedDependency[Erasing],
        data: URLEncodedBody[NameForm],
    ) -> Redirect:
        """Remove somebody who was let in no more; nobody removes themselves."""
        if data.name == caller_of(request).name:
            raise ConflictError("You cannot remove yourself; another admin can.")
        let_go(explainer.database, data.name, erasing.clearer)
        return Redirect(_PEOPLE, status_code=303)

    @post("/password", sync_to_thread=True)
    def password(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        data: URLEncodedBody[PasswordForm],
    ) -> Template | Redirect:
        """Give somebody a new password."""
        try:
            with explainer.database.session() as session:
                set_password(session, data.name, data.password)
        except ExplainerError as error:
            return _people(request, explainer, wrong=str(error))
        return Redirect(_PEOPLE, status_code=303)


def _people(
    request: Request[Any, Any, Any], explainer: Explainer, given: PersonForm | None = None, wrong: str = ""
) -> Template:
    with explainer.database.session() as session:
        rows = list_people(session)
    shown = {"rows": rows, "roles": list(Role), "given": given or PersonForm(), "wrong": wrong}
    return page(request, "admin_people.html", status_code=400 if wrong else 200, **shown)
