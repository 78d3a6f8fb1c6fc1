"""The customer's page: what is recommended to them, why, and what they can do about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from explainer.access import Scope
from explainer.picture import draw, waterfall_of
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.auth import needs, to_login
from explainer.server.cards import Card, Told, card_of
from explainer.server.customer_choices import chosen_by
from explainer.server.language import locale_of
from explainer.server.looking import looked, require_purpose, require_purpose_without
from explainer.server.rendering import is_fragment, page
from explainer.server.threads import Waits
from explainer.server.words import words_in
from explainer.service.counterfactuals import find_all
from explainer.service.masking import sensitive_in
from explainer.service.preview import Preview, preview
from explainer.service.shown import picture_shown_to
from explainer.service.shown_users import history_shown_to
from explainer.service.views import Looker
from explainer.storage.catalogue import users
from explainer.storage.explanations import get_explanation
from explainer.storage.later import later_of
from explainer.writing.slots import named
from explainer.writing.style import Style

_CARDS = 6
_USERS = 200
_RECENT = 3
_Id = Annotated[str, QueryParameter(max_length=200)]


@dataclass(frozen=True, slots=True)
class Move:
    """One item of a list as it would be.

    Attributes:
        rank: Its place there, from 1.
        title: What people call it.
        was: Its place in the list as it is; None if it is new.
        text: Its sentence, if it is new.
    """

    rank: int
    title: str
    was: int | None
    text: str

    @property
    def way(self) -> str:
        """Where it goes: ``new``, ``same``, ``up`` or ``down``."""
        if self.was is None:
            return "new"
        return "same" if self.was == self.rank else "up" if self.was > self.rank else "down"


class CustomerController(Controller):
    """What a customer sees, for a person who has signed in."""

    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", opt=needs(Scope.EXPLAIN, page=True, waits=Waits.ALWAYS), sync_to_thread=True)
    def home(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        admission: NamedDependency[Admission],
        looker: NamedDependency[Looker],
        user: _Id = "",
        opened: _Id = "",
        thanked: _Id = "",
        done: _Id = "",
    ) -> Template:
        """Return the page: a choice of users, or the chosen user's recommendations.

        ``opened`` is the item whose reasons are open, ``thanked`` the explanation that feedback was just given on, and
        ``done`` what was just changed.
        """
        chosen = user.strip()
        if not chosen:
            with explainer.database.session() as session:
                return page(request, "customer/choose.html", users=users(session, _USERS))
        locale, history, titles = locale_of(request), explainer.history(chosen), explainer.titles(chosen)
        with explainer.database.session() as session:
            private = history_shown_to(session, looker, chosen, "customer page")
        return page(
            request,
            "customer/list.html",
            user=chosen,
            cards=_cards(explainer, admission, chosen, locale, private),
            history=history,
            recent=[
                named(titles.get(b.id, b.item), explainer.domain, locale)
                for b in reversed([b for b in history.behaviours if b.id not in private][-_RECENT:])
            ],
            items={item.id: item for item in explainer.model.recommender.catalogue.items},
            choices=chosen_by(explainer.database, chosen, private, words_in(locale)("card.not_shown_name")),
            opened=opened,
            thanked=thanked,
            done=done,
        )

    @get("/preview", opt=needs(Scope.EXPLAIN, page=True, waits=Waits.ALWAYS), sync_to_thread=True)
    def preview(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        admission: NamedDependency[Admission],
        looker: NamedDependency[Looker],
        user: Annotated[str, QueryParameter(min_length=1, max_length=200)],
        without: Annotated[str, QueryParameter(min_length=1, max_length=200)],
        opened: _Id = "",
    ) -> Template:
        """Return what the user's list would be without what they did with one item; nothing is stored."""
        locale = locale_of(request)
        with explainer.database.session() as session:
            private = require_purpose(session, looker, user, [without])
        tells = require_purpose_without(explainer, looker, user, [without])
        with admission.place():
            found = preview(explainer, user, [without], _CARDS, Style(locale))
        looked(explainer, looker, user, "preview", sensitive=private or tells)
        items = {item.id: item for item in explainer.model.recommender.catalogue.items}
        return page(
            request,
            "customer/_preview.html" if is_fragment(request) else "customer/preview.html",
            user=user,
            without=without,
            title=words_in(locale)("card.not_shown_name")
            if private
            else named(items[without].title if without in items else without, explainer.domain, locale),
            moves=_moves(found),
            gone=found.gone,
            opened=opened,
        )

    @get("/explanations/{explanation_id:str}/waterfall.svg", opt=needs(Scope.READ, page=True), sync_to_thread=True)
    def waterfall(
        self,
        request: Request[Any, Any, Any],
        explanation_id: FromPath[str],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        reader: Annotated[str, QueryParameter(name="for", pattern="^(customer)?$")] = "",
    ) -> Response[str]:
        """Return the picture of one explanation; opened by itself, it may use its own style and nothing else.

        ``for=customer`` returns it as customers see it, whoever asks.
        """
        with explainer.database.session() as session:
            row = get_explanation(session, explanation_id)
            masked = picture_shown_to(session, looker, row, explainer.firewall.words)
            private = sensitive_in(session, row, explainer.firewall.words) if looker.is_app or reader else ()
        picture = draw(waterfall_of(row, explainer.titles(row.user_id), locale_of(request), masked, private))
        headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "Cache-Control": "no-store",
        }
        return Response(picture, media_type="image/svg+xml", headers=headers)


def _cards(
    explainer: Explainer, admission: Admission, user: str, locale: str, private: Collection[str]
) -> Sequence[Card]:
    style = Style(locale)
    with admission.place():
        rows = explainer.explain_top(user, _CARDS, style, reuse=True)
    speech = explainer.writer.prompts.for_user(user, style).words(explainer.domain, locale=locale)
    told = Told(words_in(locale), speech, explainer.domain, explainer.titles(user), private=private)
    find_all(explainer, rows)
    with explainer.database.session() as session:
        later = later_of(session, rows)
    return [card_of(row, told, later[row.id]) for row in rows if row.id in later]


def _moves(found: Preview) -> Sequence[Move]:
    ranks = {r.item.id: r.rank for r in found.before}
    return [
        Move(r.rank, r.item.title, ranks.get(r.item.id), "" if r.item.id in ranks else text.text)
        for r, text in zip(found.after, found.texts, strict=True)
    ]
