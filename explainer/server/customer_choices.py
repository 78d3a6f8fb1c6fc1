"""What a customer decides and says: forms of their page, each a POST that works without script."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of, needs, to_login
from explainer.server.rendering import is_fragment, page
from explainer.server.reviews import NO_NUL
from explainer.server.schemas import Identifier
from explainer.service.exclusions import exclude_behaviours, exclusions_of, include_behaviour
from explainer.service.feedback import MAX_COMMENT, FeedbackKind, give_feedback
from explainer.service.masking import MASK, sensitive_behaviours
from explainer.service.user_settings import set_personalised, settings_of
from explainer.storage.database import Database


class ChoiceForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A behaviour, or an item with all that was done with it, to be used or not."""

    user: Identifier
    name: Identifier
    csrf: str = ""


class SettingForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether recommendations are personal: ``on`` or ``off``."""

    user: Identifier
    personalised: Annotated[str, msgspec.Meta(pattern="^(on|off)$")]
    csrf: str = ""


class FeedbackForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a text was to somebody."""

    user: Identifier
    explanation: Identifier
    kind: FeedbackKind
    comment: Annotated[str, msgspec.Meta(max_length=MAX_COMMENT, pattern=NO_NUL)] = ""
    csrf: str = ""


@dataclass(frozen=True, slots=True)
class Excluded:
    """An item whose behaviours are not used; without a title where nothing of it is on record any more."""

    name: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the customer has chosen."""

    personalised: bool
    excluded: Sequence[Excluded]


def chosen_by(database: Database, user: str, private: Collection[str], unnamed: str) -> Choices:
    """Return what the user has chosen; of several behaviours with one item, one entry.

    Args:
        database: Where choices live.
        user: Whose.
        private: Ids of behaviours that are one entry together, under the name "•••",
        unnamed: and with this title.
    """
    found = exclusions_of(database, user).exclusions
    shown = [entry for entry in found if entry.behaviour_id not in private]
    named = {entry.item or entry.behaviour_id: entry.title for entry in shown}
    named |= {MASK: unnamed} if len(shown) < len(found) else {}
    return Choices(settings_of(database, user).personalised, [Excluded(*pair) for pair in named.items()])


class CustomerChoicesController(Controller):
    """The forms."""

    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @post("/choices/exclude", opt=needs(Scope.CHOICES, page=True), sync_to_thread=True)
    def exclude(self, data: URLEncodedBody[ChoiceForm], explainer: NamedDependency[Explainer]) -> Redirect:
        """Use what they did with an item no more."""
        exclude_behaviours(explainer.database, data.user, [data.name])
        return _back(data.user, done="excluded")

    @post("/choices/include", opt=needs(Scope.CHOICES, page=True), sync_to_thread=True)
    def include(self, data: URLEncodedBody[ChoiceForm], explainer: NamedDependency[Explainer]) -> Redirect:
        """Use it again."""
        for name in _meant(explainer.database, data):
            include_behaviour(explainer.database, data.user, name)
        return _back(data.user, done="included")

    @post("/choices/personalisation", opt=needs(Scope.CHOICES, page=True), sync_to_thread=True)
    def personalisation(self, data: URLEncodedBody[SettingForm], explainer: NamedDependency[Explainer]) -> Redirect:
        """Switch personal recommendations on or off."""
        set_personalised(explainer.database, data.user, personalised=data.personalised == "on")
        return _back(data.user, done=f"personal_{data.personalised}")

    @post("/feedback", opt=needs(Scope.FEEDBACK, page=True), sync_to_thread=True, status_code=HTTP_200_OK)
    def feedback(
        self,
        request: Request[Any, Any, Any],
        data: URLEncodedBody[FeedbackForm],
        explainer: NamedDependency[Explainer],
    ) -> Redirect | Template:
        """Keep what they say of a text, and thank them where they said it."""
        give_feedback(explainer.database, data.explanation, data.kind, data.comment, caller_of(request).name)
        if is_fragment(request):
            return page(request, "customer/_thanks.html")
        # No anchor in the address: the thanks take the focus, and browsers let an anchor take it instead.
        return _back(data.user, thanked=data.explanation)


def _meant(database: Database, form: ChoiceForm) -> Sequence[str]:
    """Return what a form names: under "•••", all that is private of what the customer has excluded."""
    if form.name != MASK:
        return [form.name]
    with database.session() as session:
        private = sensitive_behaviours(session, form.user)
    found = exclusions_of(database, form.user).exclusions
    return [entry.behaviour_id for entry in found if entry.behaviour_id in private]


def _back(user: str, **said: str) -> Redirect:
    return Redirect(f"/?{urlencode({'user': user, **said})}", status_code=HTTP_303_SEE_OTHER)
