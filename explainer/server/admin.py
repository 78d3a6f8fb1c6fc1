"""The admin pages of queue and engine, and of API keys; every change goes through what the command line uses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from explainer.access import BY_NAME, Role, Scope
from explainer.access.keys import create_key, list_keys, revoke_key, rotate_key
from explainer.errors import AccessError, ConflictError, ExplainerError
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.auth import needs, to_login
from explainer.server.engine_state import engine_state
from explainer.server.rendering import page
from explainer.service.subject.erase import Erasing
from explainer.service.subject.shared import backup_note

_OVERLAP = timedelta(hours=24)
_MOST_DAYS = 3650


class NameForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which key or person is meant."""

    name: str = ""
    csrf: str = ""


class KeyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made; without days it has no end."""

    name: str = ""
    role: str = ""
    days: str = ""
    csrf: str = ""


class AdminController(Controller):
    """For those who run the service."""

    path = "/admin"
    opt = needs(Scope.ADMIN, page=True)
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", sync_to_thread=True)
    def overview(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        admission: NamedDependency[Admission],
        erasing: NamedDependency[Erasing],
    ) -> Template:
        """Return the state of queue and engine, and what is amiss."""
        note = backup_note(explainer.database.url, erasing.list)
        state = engine_state(explainer, admission)
        state = replace(state, notes=(*state.notes, note)) if note else state
        return page(request, "admin_engine.html", state=state)

    @get("/keys", sync_to_thread=True)
    def keys(self, request: Request[Any, Any, Any], explainer: NamedDependency[Explainer]) -> Template:
        """Return the API keys."""
        return _keys(request, explainer)

    @post("/keys", sync_to_thread=True, status_code=200)
    def make_key(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        data: URLEncodedBody[KeyForm],
    ) -> Template:
        """Make a key and show it, this once."""
        try:
            name, days = data.name.strip(), _days(data.days)
            with explainer.database.session() as session:
                if any(row.name == name for row in list_keys(session)):
                    raise ConflictError(f"There is a key {name!r} already; rotate it, or revoke it first.")
                made = create_key(session, name, role_in(data.role), lifetime=days)
        except ExplainerError as error:
            return _keys(request, explainer, given=data, wrong=str(error))
        return _keys(request, explainer, made=(name, made))

    @post("/keys/rotate", sync_to_thread=True, status_code=200)
    def rotate(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        data: URLEncodedBody[NameForm],
    ) -> Template:
        """Make a key in place of another, which works for a day more."""
        with explainer.database.session() as session:
            made = rotate_key(session, data.name, _OVERLAP)
        return _keys(request, explainer, made=(data.name, made))

    @post("/keys/revoke", sync_to_thread=True)
    def revoke(self, explainer: NamedDependency[Explainer], data: URLEncodedBody[NameForm]) -> Redirect:
        """Let keys stop working."""
        with explainer.database.session() as session:
            revoke_key(session, data.name)
        return Redirect("/admin/keys", status_code=303)


def role_in(given: str) -> Role:
    """Return the role that a form names.

    Raises:
        AccessError: If it is none.
    """
    try:
        return Role(given)
    except ValueError as error:
        raise AccessError(f"There is no such role; known are {', '.join(Role)}.") from error


def _keys(
    request: Request[Any, Any, Any],
    explainer: Explainer,
    *,
    made: tuple[str, str] | None = None,
    given: KeyForm | None = None,
    wrong: str = "",
) -> Template:
    with explainer.database.session() as session:
        rows = list_keys(session)
    shown = {"rows": rows, "roles": list(Role), "made": made, "given": given or KeyForm(), "wrong": wrong}
    return page(request, "admin_keys.html", status_code=400 if wrong else 200, by_name=BY_NAME, **shown)


def _days(given: str) -> timedelta | None:
    digits = given.strip()
    if not digits:
        return None
    # Its length first: Python refuses to read a number of thousands of digits.
    if not digits.isdecimal() or len(digits) > len(str(_MOST_DAYS)) or not 1 <= int(digits) <= _MOST_DAYS:
        raise AccessError(f"A key lives for 1 to {_MOST_DAYS} days; leave it empty for one without an end.")
    return timedelta(days=int(digits))
