"""The admin page of prompt and adapter versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from explainer.access import Scope
from explainer.errors import ExplainerError
from explainer.pipeline import Explainer
from explainer.registry.adapters import AdapterRegistry
from explainer.registry.prompts import PromptRegistry
from explainer.server.auth import caller_of, needs, to_login
from explainer.server.rendering import page
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES, LOCALES, Style, known_style

_VERSIONS = "/admin/versions"


class AdapterForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which adapter is to be promoted."""

    version: str = ""
    csrf: str = ""


class LocaleForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which language the last promotion of an adapter is to be undone."""

    locale: str = ""
    csrf: str = ""


class StyleForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For which reader, in which language, the last change of prompts is to be undone."""

    locale: str = ""
    audience: str = ""
    csrf: str = ""

    @property
    def style(self) -> Style:
        """Reader and language.

        Raises:
            PromptError: If there are no texts for them.
        """
        return known_style(self.locale, self.audience)


class PromptsForm(StyleForm, frozen=True, forbid_unknown_fields=True):
    """Which prompts are to be promoted, for which reader and in which language."""

    version: str = ""


@dataclass(frozen=True, slots=True)
class Registries:
    """What knows the versions that can be put into use."""

    adapters: AdapterRegistry
    prompts: PromptRegistry

    def changed_by(self, request: Request[Any, Any, Any]) -> Registries:
        """Return them for changes that whoever asks makes."""
        name = caller_of(request).name
        return Registries(self.adapters.changed_by(name), self.prompts.changed_by(name))


def registries_of(explainer: Explainer) -> Registries:
    """Return registries over the explainer's database, for the package's prompts and the base model in memory."""
    engine, database, package = explainer.writer.engine, explainer.database, PromptLibrary()
    base = "" if engine is None else engine.model_hash
    adapters = AdapterRegistry(database, lambda: base)
    return Registries(adapters, PromptRegistry(database, package, package))


class VersionsController(Controller):
    """Which adapter and which prompts write: promote, roll back."""

    path = _VERSIONS
    opt = needs(Scope.ADMIN, page=True)
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", sync_to_thread=True)
    def versions(self, request: Request[Any, Any, Any], registries: NamedDependency[Registries]) -> Template:
        """Return all versions and what is in use."""
        return _versions(request, registries)

    @post("/adapters/promote", sync_to_thread=True)
    def promote_adapter(
        self,
        request: Request[Any, Any, Any],
        registries: NamedDependency[Registries],
        data: URLEncodedBody[AdapterForm],
    ) -> Template | Redirect:
        """Put an adapter into production."""
        try:
            registries.changed_by(request).adapters.promote(data.version)
        except ExplainerError as error:
            return _versions(request, registries, wrong=str(error))
        return Redirect(_VERSIONS, status_code=303)

    @post("/adapters/rollback", sync_to_thread=True)
    def roll_adapter_back(
        self, request: Request[Any, Any, Any], registries: NamedDependency[Registries], data: URLEncodedBody[LocaleForm]
    ) -> Template | Redirect:
        """Undo the last promotion of an adapter."""
        try:
            registries.changed_by(request).adapters.rollback(known_style(data.locale).locale)
        except ExplainerError as error:
            return _versions(request, registries, wrong=str(error))
        return Redirect(_VERSIONS, status_code=303)

    @post("/prompts/promote", sync_to_thread=True)
    def promote_prompts(
        self,
        request: Request[Any, Any, Any],
        registries: NamedDependency[Registries],
        data: URLEncodedBody[PromptsForm],
    ) -> Template | Redirect:
        """Put prompts into use."""
        try:
            registries.changed_by(request).prompts.promote(data.version, data.style)
        except ExplainerError as error:
            return _versions(request, registries, wrong=str(error))
        return Redirect(_VERSIONS, status_code=303)

    @post("/prompts/rollback", sync_to_thread=True)
    def roll_prompts_back(
        self, request: Request[Any, Any, Any], registries: NamedDependency[Registries], data: URLEncodedBody[StyleForm]
    ) -> Template | Redirect:
        """Undo the last promotion or split of prompts."""
        try:
            registries.changed_by(request).prompts.rollback(data.style)
        except ExplainerError as error:
            return _versions(request, registries, wrong=str(error))
        return Redirect(_VERSIONS, status_code=303)


def _versions(request: Request[Any, Any, Any], registries: Registries, wrong: str = "") -> Template:
    prompts = registries.prompts
    styles = [Style(locale, audience) for locale in LOCALES for audience in AUDIENCES]
    return page(
        request,
        "admin_versions.html",
        status_code=400 if wrong else 200,
        adapters=registries.adapters.all(),
        known={style: prompts.versions(style) for style in styles},
        used={style: prompts.in_use(style) for style in styles},
        disk={style: prompts.on_disk(style) for style in styles},
        styles=styles,
        wrong=wrong,
    )
