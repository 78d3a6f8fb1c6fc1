"""How support finds what was shown: by customer, item and time; and the form in which a case begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request
from litestar.response import Template

from explainer.access.purposes import MAX_PURPOSE, MAX_TICKET, MIN_PURPOSE
from explainer.errors import SearchError
from explainer.pipeline import Explainer
from explainer.server.rendering import page
from explainer.service.shown import ShownExplanation, all_shown_to
from explainer.service.suppress import MAX_REASON
from explainer.service.views import Looker
from explainer.storage.listing import Search, list_explanations

_PAGE = 20
_SUPPORT = "/support"
_OURS = re.compile(r"/support([/?][!-~]*)?")
LIMITS = {"ticket": MAX_TICKET, "least": MIN_PURPOSE, "purpose": MAX_PURPOSE, "reason": MAX_REASON}
"""For how long what support fills in may be."""


class CaseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The case that somebody is at work on; two empty fields end it."""

    ticket: str = ""
    purpose: str = ""
    back: str = ""
    csrf: str = ""

    @property
    def way_back(self) -> str:
        """Where the form was filled in; never an address that is not support's."""
        return self.back if _OURS.fullmatch(self.back) else _SUPPORT


@dataclass(frozen=True, slots=True)
class Asked:
    """What was filled in.

    Attributes:
        user: Id of a customer.
        item: Id of an item.
        since: From this moment on, UTC where it names no zone,
        until: and before this one.
    """

    user: str = ""
    item: str = ""
    since: str = ""
    until: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Those that are filled in, for an address."""
        held = {"user": self.user, "item": self.item, "since": self.since, "until": self.until}
        return {name: value for name, value in held.items() if value}


def case_here(request: Request[Any, Any, Any]) -> CaseForm:
    """Return an empty form that leads back to the address that is open."""
    query = request.url.query
    return CaseForm(back=f"{request.url.path}?{query}" if query else request.url.path)


def found_page(
    request: Request[Any, Any, Any], explainer: Explainer, looker: Looker, asked: Asked, cursor: str | None
) -> Template:
    """Return the page with what a search finds; a moment that cannot be read is told."""
    if not asked.fields:
        return find_page(request, looker, asked)
    since, until = _moment(asked.since), _moment(asked.until)
    if (asked.since and since is None) or (asked.until and until is None):
        return find_page(request, looker, asked, wrong="support.no_moment")
    search = Search(asked.user or None, asked.item or None, since=since, until=until)
    try:
        with explainer.database.session() as session:
            rows, following = list_explanations(session, search, _PAGE, cursor)
            found = all_shown_to(session, looker, rows, explainer.firewall.words)
    except SearchError:
        return find_page(request, looker, asked, wrong="support.ends_before")
    return find_page(request, looker, asked, found=found, following=following)


def find_page(
    request: Request[Any, Any, Any],
    looker: Looker,
    asked: Asked | None = None,
    *,
    case: CaseForm | None = None,
    found: list[ShownExplanation] | None = None,
    following: str | None = None,
    wrong: str = "",
) -> Template:
    """Return the page on which support finds.

    Args:
        request: What it answers.
        looker: Who looks.
        asked: What was filled in.
        case: The case's form as it was filled in; empty by default.
        found: What was found; None where nothing was looked for.
        following: Cursor of what is older.
        wrong: Key of the words that say why it does not work.
    """
    return page(
        request,
        "support/find.html",
        status_code=400 if wrong else 200,
        looker=looker,
        asked=asked or Asked(),
        case=case or case_here(request),
        found=found,
        following=following,
        wrong=wrong,
        limits=LIMITS,
    )


def _moment(given: str) -> datetime | None:
    """Return the moment of a form's field, in UTC where it names no zone; None where it is empty or none."""
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
