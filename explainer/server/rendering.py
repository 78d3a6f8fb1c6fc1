"""How pages are made: one Jinja environment, one way to answer with a page, one list of what the navigation has.

To add a page:
    1. Write ``templates/NAME.html``: ``{% extends "base.html" %}``, then the blocks ``title``, ``main`` and, for styles
       of its own, ``styles`` (a ``<link>`` to a file in ``static/``). What htmx swaps in is a template of its own that
       extends nothing.
    2. Put its words into ``words/en.json`` and ``words/zh.json`` under ``NAME.…`` and use them as ``t("NAME.title")``,
       ``t.count("NAME.rows", n)`` for plurals, ``t.rich("NAME.hint", user=…)`` for words with markup.
       ``tests/unit/test_words.py`` checks both files and every template.
    3. Answer with ``page(request, "NAME.html", rows=…)`` from a handler with ``opt=needs(Scope.X, page=True)`` on a
       controller with ``exception_handlers = {NotAuthorizedException: to_login}`` and ``include_in_schema = False``;
       errors then look like pages by themselves.
    4. Every template has ``t``, ``locale``, ``caller`` (None before signing in), ``csrf``, ``may(scope)``, ``now`` and
       ``navigation``. A form that changes something is a POST with ``{% include "_csrf.html" %}`` in
       it and answers 303 to a page; with ``hx-post`` it may answer with a fragment (``is_fragment(request)``). It must
       work without script.
    5. If it belongs into the navigation, :data:`ENTRIES` names its path; it appears once its route is registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.response import Template

from explainer.access import Caller, Scope
from explainer.server.htmx import htmx_folder
from explainer.server.language import NAMES, language_cookie, locale_of, switches
from explainer.server.words import words_in
from explainer.storage.base import now
from explainer.writing.glossary import spoken
from explainer.writing.slots import display_title

HERE = Path(__file__).resolve().parent
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation.

    Attributes:
        path: Where it leads.
        words: Key of what it is called.
        scope: Who sees it.
    """

    path: str
    words: str
    scope: Scope


ENTRIES = (
    Entry("/", "nav.customer", Scope.EXPLAIN),
    Entry("/support", "nav.support", Scope.SUPPRESS),
    Entry("/audit", "nav.audit", Scope.AUDIT),
    Entry("/review", "nav.review", Scope.REVIEW),
    Entry("/admin", "nav.admin", Scope.ADMIN),
    Entry("/schema", "nav.api", Scope.DOCS),
)


def environment() -> Environment:
    """Return the environment of all pages: everything is escaped, and what is not defined is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["shown"] = display_title
    made.filters["spoken"] = spoken
    made.globals["has_htmx"] = htmx_folder() is not None
    made.globals["languages"] = NAMES
    return made


def page(request: Request[Any, Any, Any], name: str, /, *, status_code: int = 200, **context: object) -> Template:
    """Return a page, or a fragment of one, in the reader's language.

    Args:
        request: What it answers.
        name: The template.
        status_code: HTTP status.
        context: What the template needs beyond what all of them get.
    """
    locale, caller = locale_of(request), known_caller(request)
    shared = {
        "t": words_in(locale),
        "locale": locale,
        "caller": caller,
        "csrf": request.state.get("csrf", ""),
        "may": lambda scope: caller is not None and caller.may(Scope(scope)),
        "now": now(),
        "navigation": navigation(request),
        "switches": switches(request),
    }
    return Template(
        name,
        context=shared | context,
        cookies=language_cookie(request),
        headers=dict(PAGE_HEADERS),
        status_code=status_code,
    )


def navigation(request: Request[Any, Any, Any]) -> list[Entry]:
    """Return the entries that the caller may open and that there are; none before signing in."""
    caller = known_caller(request)
    if caller is None:
        return []
    paths = {route.path for route in request.app.routes}
    return [entry for entry in ENTRIES if caller.may(entry.scope) and entry.path in paths]


def known_caller(request: Request[Any, Any, Any]) -> Caller | None:
    """Return who asks, where that is known: not on public pages."""
    found = request.state.get("caller")
    return found if isinstance(found, Caller) else None


def is_fragment(request: Request[Any, Any, Any]) -> bool:
    """Return whether htmx asks, to swap the answer into the page that is open."""
    return request.headers.get("hx-request") == "true"
