"""The support page: answer a ticket in one screen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from explainer.access import Scope
from explainer.access.sign_ins import set_purpose
from explainer.errors import AccessError
from explainer.pipeline import Explainer
from explainer.server.auth import COOKIE, caller_of, needs, to_login
from explainer.server.cards import Card, Told, card_of
from explainer.server.language import locale_of
from explainer.server.rendering import page
from explainer.server.words import Words, words_in
from explainer.service.masking import MASK
from explainer.service.shown import all_shown_to, picture_shown_to
from explainer.service.suppress import MAX_REASON, suppress
from explainer.service.today import today
from explainer.service.views import Looker
from explainer.storage.later import get_with_later
from explainer.storage.listing import Search, list_explanations
from explainer.storage.tables import ExplanationRow
from explainer.writing.style import Style

_PAGE = 20
_Field = Annotated[str, QueryParameter(max_length=200)]


class PurposeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The case that somebody is at work on; two empty fields end it."""

    ticket: str = ""
    purpose: str = ""
    back: str = ""
    csrf: str = ""


class ReasonForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a text is taken back."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REASON, pattern=r"^[^\\x00]*$")]
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
        cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
    ) -> Template | Redirect:
        """Return the form, and what it finds; an id leads straight to its record."""
        if key.strip():
            return Redirect(f"/support/explanations/{key.strip()}", status_code=HTTP_303_SEE_OTHER)
        asked = {"user": user.strip(), "item": item.strip(), "since": since, "until": until}
        found, following = None, None
        if any(asked.values()):
            search = Search(asked["user"] or None, asked["item"] or None, since=_moment(since), until=_moment(until))
            with explainer.database.session() as session:
                rows, following = list_explanations(session, search, _PAGE, cursor)
                found = all_shown_to(session, looker, rows)
        return page(request, "support/find.html", asked=asked, found=found, following=following, looker=looker)

    @post("/purpose", sync_to_thread=True)
    def purpose(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        data: URLEncodedBody[PurposeForm],
    ) -> Redirect | Template:
        """Keep ticket and purpose for everything that is looked at from now on."""
        try:
            with explainer.database.session() as session:
                set_purpose(session, request.cookies.get(COOKIE, ""), data.ticket.strip(), data.purpose.strip())
        except AccessError as error:
            asked = dict.fromkeys(("user", "item", "since", "until"), "")
            said = {"asked": asked, "found": None, "following": None, "looker": looker, "wrong": str(error)}
            return page(request, "support/find.html", status_code=400, **said)
        back = data.back if data.back.startswith("/support") else "/support"
        return Redirect(back, status_code=HTTP_303_SEE_OTHER)

    @get("/explanations/{explanation_id:str}", sync_to_thread=True)
    def record(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        explanation_id: FromPath[str],
    ) -> Template:
        """Return one explanation as it was shown, beside what would be told today."""
        with explainer.database.session() as session:
            row, later = get_with_later(session, explanation_id)
            masked = picture_shown_to(session, looker, row, "support page")
        words = words_in(locale_of(request))
        speech = explainer.writer.prompts.for_user(row.user_id, Style(words.locale))
        titles = explainer.titles(row.user_id) | dict.fromkeys(masked, MASK)
        told = Told(words, speech.words(explainer.domain, locale=words.locale), explainer.domain, titles, masked)
        card, now = card_of(row, told, later), today(explainer, row)
        return page(
            request,
            "support/record.html",
            row=row,
            later=later,
            card=card,
            today=now,
            today_masked=bool(now.causes & masked),
            masked=len(masked),
            looker=looker,
            reply="" if card.masked else _reply(row, card, words_in(row.locale)),
        )

    @post("/explanations/{explanation_id:str}/suppress", sync_to_thread=True)
    def suppress(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        explanation_id: FromPath[str],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        """Show the text to no customer any more."""
        suppress(explainer.database, explanation_id, data.reason, caller_of(request).name)
        return Redirect(f"/support/explanations/{explanation_id}", status_code=HTTP_303_SEE_OTHER)


def _moment(given: str) -> datetime | None:
    """Return the moment of a form's field, in UTC; None where it is empty or none."""
    try:
        found = datetime.fromisoformat(given.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _reply(row: ExplanationRow, card: Card, words: Words) -> str:
    """Return an answer to the customer in the language that they were told it in."""
    causes = [bar.label for bar in card.bars]
    paragraphs = [
        words("support.reply.hello"),
        words(
            "support.reply.shown",
            item=row.slots.get("item", row.title),
            date=words.date(row.created_at),
            text=card.text,
        ),
        words("support.reply.causes", causes=words.listed(causes)) if causes else words("support.reply.popular"),
        words("support.reply.choices"),
        words("support.reply.bye"),
    ]
    return "\n\n".join(paragraphs)
