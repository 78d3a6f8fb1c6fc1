"""The admin pages: keys, people, prompt and adapter versions, queue and engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from explainer.access import Role, Scope
from explainer.access.keys import create_key, list_keys, revoke_key, rotate_key
from explainer.access.people import add_person, disable, list_people, set_password
from explainer.errors import AccessError, ConflictError, ExplainerError
from explainer.pipeline import Explainer
from explainer.registry.adapters import AdapterRegistry
from explainer.registry.prompts import PromptRegistry
from explainer.server.admission import Admission
from explainer.server.auth import needs, to_login
from explainer.server.engine_state import engine_state
from explainer.server.rendering import page
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES, LOCALES, Style, known_style

_OVERLAP = timedelta(hours=24)
_NAME = 200


@dataclass(frozen=True, slots=True)
class Registries:
    """What knows the versions that can be put into use."""

    adapters: AdapterRegistry
    prompts: PromptRegistry


def registries_of(explainer: Explainer) -> Registries:
    """Return registries over the explainer's database, for the package's prompts and the base model in memory."""
    engine, database, package = explainer.writer.engine, explainer.database, PromptLibrary()
    adapters = AdapterRegistry(database, lambda: "" if engine is None else engine.model_hash)
    return Registries(adapters, PromptRegistry(database, package, package))


class AdminController(Controller):
    """Pages of those who run the service; every change goes through what the command line uses, and is audited."""

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
    ) -> Template:
        """Return the state of queue and engine."""
        return page(request, "admin_engine.html", state=engine_state(explainer, admission))

    @get("/keys", sync_to_thread=True)
    def keys(self, request: Request[Any, Any, Any], explainer: NamedDependency[Explainer]) -> Template:
        """Return the API keys."""
        return _keys(request, explainer)

    @post("/keys", sync_to_thread=True)
    def make_key(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        data: URLEncodedBody[dict[str, str]],
    ) -> Template:
        """Make a key and show it, this once."""
        try:
            name, days = _name(data), _days(data.get("days", ""))
            with explainer.database.session() as session:
                if any(row.name == name for row in list_keys(session)):
                    raise ConflictError(f"There is a key {name!r} already; rotate it, or revoke it first.")
                made = create_key(session, name, _role(data), lifetime=days)
        except ExplainerError as error:
            return _keys(request, explainer, wrong=str(error))
        return _keys(request, explainer, made=(name, made))

    @post("/keys/{name:str}/rotate", sync_to_thread=True)
    def rotate(
        self, request: Request[Any, Any, Any], explainer: NamedDependency[Explainer], name: FromPath[str]
    ) -> Template:
        """Make a key in place of another, which works for a day more."""
        with explainer.database.session() as session:
            made = rotate_key(session, name, _OVERLAP)
        return _keys(request, explainer, made=(name, made))

    @post("/keys/{name:str}/revoke", sync_to_thread=True)
    def revoke(self, explainer: NamedDependency[Explainer], name: FromPath[str]) -> Redirect:
        """Let keys stop working."""
        with explainer.database.session() as session:
            revoke_key(session, name)
        return Redirect("/admin/keys", status_code=303)

    @get("/people", sync_to_thread=True)
    def people(self, request: Request[Any, Any, Any], explainer: NamedDependency[Explainer]) -> Template:
        """Return who may sign in."""
        return _people(request, explainer)

    @post("/people", sync_to_thread=True)
    def add(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        data: URLEncodedBody[dict[str, str]],
    ) -> Template | Redirect:
        """Let somebody sign in."""
        try:
            with explainer.database.session() as session:
                add_person(session, _name(data), _role(data), data.get("password", ""))
        except ExplainerError as error:
            return _people(request, explainer, wrong=str(error))
        return Redirect("/admin/people", status_code=303)

    @post("/people/{name:str}/disable", sync_to_thread=True)
    def disable(self, explainer: NamedDependency[Explainer], name: FromPath[str]) -> Redirect:
        """Let somebody in no more."""
        with explainer.database.session() as session:
            disable(session, name)
        return Redirect("/admin/people", status_code=303)

    @post("/people/{name:str}/password", sync_to_thread=True)
    def password(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        name: FromPath[str],
        data: URLEncodedBody[dict[str, str]],
    ) -> Template | Redirect:
        """Give somebody a new password."""
        try:
            with explainer.database.session() as session:
                set_password(session, name, data.get("password", ""))
        except AccessError as error:
            return _people(request, explainer, wrong=str(error))
        return Redirect("/admin/people", status_code=303)


class VersionsController(Controller):
    """Which adapter and which prompts write: promote, roll back."""

    path = "/admin/versions"
    opt = needs(Scope.ADMIN, page=True)
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", sync_to_thread=True)
    def versions(self, request: Request[Any, Any, Any], registries: NamedDependency[Registries]) -> Template:
        """Return all versions and what is in use."""
        return _versions(request, registries)

    @post("/adapters/{action:str}", sync_to_thread=True)
    def change_adapter(
        self,
        request: Request[Any, Any, Any],
        registries: NamedDependency[Registries],
        action: FromPath[str],
        data: URLEncodedBody[dict[str, str]],
    ) -> Template | Redirect:
        """Promote an adapter, or undo the last promotion."""
        try:
            if action == "promote":
                registries.adapters.promote(data.get("version", ""))
            else:
                registries.adapters.rollback(known_style(data.get("locale", "en")).locale)
        except ExplainerError as error:
            return _versions(request, registries, wrong=str(error))
        return Redirect("/admin/versions", status_code=303)

    @post("/prompts/{action:str}", sync_to_thread=True)
    def change_prompts(
        self,
        request: Request[Any, Any, Any],
        registries: NamedDependency[Registries],
        action: FromPath[str],
        data: URLEncodedBody[dict[str, str]],
    ) -> Template | Redirect:
        """Promote prompts, or undo the last promotion or split."""
        try:
            style = known_style(data.get("locale", "en"), data.get("audience", "customer"))
            if action == "promote":
                registries.prompts.promote(data.get("version", ""), style)
            else:
                registries.prompts.rollback(style)
        except ExplainerError as error:
            return _versions(request, registries, wrong=str(error))
        return Redirect("/admin/versions", status_code=303)


def _keys(
    request: Request[Any, Any, Any], explainer: Explainer, *, made: tuple[str, str] | None = None, wrong: str = ""
) -> Template:
    with explainer.database.session() as session:
        rows = list_keys(session)
    return page(request, "admin_keys.html", rows=rows, roles=list(Role), made=made, wrong=wrong)


def _people(request: Request[Any, Any, Any], explainer: Explainer, wrong: str = "") -> Template:
    with explainer.database.session() as session:
        rows = list_people(session)
    return page(request, "admin_people.html", rows=rows, roles=list(Role), wrong=wrong)


def _versions(request: Request[Any, Any, Any], registries: Registries, wrong: str = "") -> Template:
    prompts = registries.prompts
    styles = [Style(locale, audience) for locale in LOCALES for audience in AUDIENCES]
    known = {style: prompts.versions(style) for style in styles}
    used = {style: prompts.in_use(style) for style in styles}
    disk = {style: prompts.on_disk(style) for style in styles}
    adapters = registries.adapters.all()
    return page(
        request, "admin_versions.html", adapters=adapters, known=known, used=used, disk=disk, styles=styles, wrong=wrong
    )


def _name(data: Mapping[str, str]) -> str:
    name = data.get("name", "").strip()
    if not name or len(name) > _NAME or "/" in name:
        raise AccessError(f"A name has 1 to {_NAME} characters and no slash.")
    return name


def _role(data: Mapping[str, str]) -> Role:
    try:
        return Role(data.get("role", ""))
    except ValueError as error:
        raise AccessError(f"There is no such role; known are {', '.join(Role)}.") from error


def _days(given: str) -> timedelta | None:
    if not given.strip():
        return None
    if not given.strip().isdecimal() or not 1 <= int(given) <= 3650:  # noqa: PLR2004  ten years
        raise AccessError("A key lives for 1 to 3650 days; leave it empty for one without an end.")
    return timedelta(days=int(given))
