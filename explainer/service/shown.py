"""What a stored record is to whoever asks: masked, blanked or whole, and put on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy.orm import Session

from explainer.service.masking import Mask, retold, sensitive_behaviours
from explainer.service.views import Looker, note_look
from explainer.service.why_not import WhyNot
from explainer.storage.service_tables import SuppressionRow
from explainer.storage.suppressions import Shown, suppressions_of
from explainer.storage.tables import ExplanationRow
from explainer.tags import TagList
from explainer.view import CounterfactualView, ExplanationView, explanation_view

_NOTICES = {"en": "The reason for this one was withdrawn.", "zh": "此条推荐理由已撤回。"}


class Suppressed(msgspec.Struct, frozen=True):
    """That a text is not shown any more.

    Attributes:
        at: Since when.
        reason: Why, as whoever suppressed it said.
        notice: What a customer reads in its place, in the language of the text.
    """

    at: datetime
    reason: str
    notice: str


class ShownExplanation(ExplanationView, frozen=True, kw_only=True, omit_defaults=True):
    """One explanation as stored, and what was kept from whoever asked.

    The last two are left out where nothing was: then it is the very record that the audit entry has the digest of.

    Attributes:
        masked: How many sensitive behaviours are shown as "•••".
        suppressed: Set when the text is not shown to customers any more; a shop's program then gets an empty text.
    """

    masked: int = 0
    suppressed: Suppressed | None = None


T = TypeVar("T", bound=msgspec.Struct)
V = TypeVar("V", bound=ShownExplanation)


class ShownCounterfactual(CounterfactualView, frozen=True, kw_only=True, omit_defaults=True):
    """What would have kept the item out; ``masked`` says how many sensitive behaviours are shown as "•••"."""

    masked: int = 0


class ShownWhyNot(WhyNot, frozen=True, kw_only=True, omit_defaults=True):
    """Why an item is not in a list; ``masked`` says how many sensitive behaviours are shown as "•••"."""

    masked: int = 0


class ShownTags(TagList, frozen=True, kw_only=True, omit_defaults=True):
    """A user's tags; ``masked`` says how many sensitive tags and behaviours are shown as "•••"."""

    masked: int = 0


def shown_to(session: Session, looker: Looker, shown: Shown, what: str = "explanation") -> ShownExplanation:
    """Return a stored explanation as it is to whoever asks, and record that they saw it.

    A shop's program costs no query here.

    Args:
        session: Open session; what is recorded is committed with it.
        looker: Who asks.
        shown: The explanation and its suppression (see :mod:`explainer.storage.suppressions`).
        what: What they look at.
    """
    row, suppression = shown
    view = _with(ShownExplanation, explanation_view(row))
    suppressions = {} if suppression is None else {row.id: suppression}
    return withheld(session, looker, [view], suppressions, what, row.id)[0]


def all_shown_to(session: Session, looker: Looker, rows: Sequence[ExplanationRow]) -> list[ShownExplanation]:
    """Return stored explanations as they are to whoever asks; record one look at each user's."""
    views = [_with(ShownExplanation, explanation_view(row)) for row in rows]
    return withheld(session, looker, views, suppressions_of(session, [row.id for row in rows]))


def withheld(
    session: Session,
    looker: Looker,
    views: Sequence[V],
    suppressions: Mapping[str, SuppressionRow],
    what: str = "explanations",
    record_id: str = "",
    *,
    note: bool = True,
) -> list[V]:
    """Return explanations without what is kept from whoever asks; record one look at each user's.

    Args:
        session: Open session; what is recorded is committed with it.
        looker: Who asks.
        views: The explanations, whole; later texts that they have are kept like the first one.
        suppressions: Those of them that are suppressed, by explanation.
        what: What they look at,
        record_id: and which one, where it is one.
        note: Whether it is a look of its own; reading on in a stream is none.
    """
    if not looker.is_app:
        masks = _masks(session, views)
        if note:
            _note(session, looker, list(zip(views, masks, strict=True)), what, record_id)
        if not looker.sees_sensitive:
            views = [_masked(view, mask) for view, mask in zip(views, masks, strict=True)]
    return [_marked(view, suppressions.get(view.id), looker) for view in views]


def _masks(session: Session, views: Sequence[V]) -> list[Mask]:
    """Return the mask of each view, tried on it: it knows how much there is to mask."""
    private = {user: sensitive_behaviours(session, user) for user in {view.user for view in views}}
    masks = [Mask(private[view.user]) for view in views]
    for mask, view in zip(masks, views, strict=True):
        mask.explanation(view)
    return masks


def _masked(view: V, mask: Mask) -> V:
    return msgspec.structs.replace(mask.explanation(view), masked=mask.count)


def _note(session: Session, looker: Looker, seen: Sequence[tuple[V, Mask]], what: str, record_id: str) -> None:
    """Record one look at each user's explanations."""
    for user in dict.fromkeys(view.user for view, _ in seen):
        sensitive = any(mask.count for view, mask in seen if view.user == user)
        note_look(session, looker, user, what, record_id, sensitive=sensitive)


def _marked(view: V, suppression: SuppressionRow | None, looker: Looker) -> V:
    if suppression is None:
        return view
    notice = _NOTICES.get(view.locale, _NOTICES["en"])
    mark = Suppressed(suppression.created_at, suppression.reason, notice)
    return msgspec.structs.replace(retold(view, "") if looker.is_app else view, suppressed=mark)


def counterfactual_shown_to(session: Session, looker: Looker, row: ExplanationRow) -> ShownCounterfactual | None:
    """Return an explanation's counterfactual as it is to whoever asks, recorded; None where it has none."""
    found = explanation_view(row).counterfactual
    if found is None:
        return None
    if looker.is_app:
        return _with(ShownCounterfactual, found)
    mask = Mask(sensitive_behaviours(session, row.user_id))
    masked = mask.counterfactual(found)
    note_look(session, looker, row.user_id, "counterfactual", row.id, sensitive=mask.count > 0)
    return (
        _with(ShownCounterfactual, found) if looker.sees_sensitive else _with(ShownCounterfactual, masked, mask.count)
    )


def picture_shown_to(session: Session, looker: Looker, row: ExplanationRow) -> frozenset[str]:
    """Return the behaviours that a picture must not name to whoever asks, and record that they saw it."""
    if looker.is_app:
        return frozenset()
    mask = Mask(sensitive_behaviours(session, row.user_id))
    mask.explanation(explanation_view(row))
    note_look(session, looker, row.user_id, "picture", row.id, sensitive=mask.count > 0)
    return frozenset() if looker.sees_sensitive else frozenset(mask.names)


def why_not_shown_to(session: Session, looker: Looker, found: WhyNot) -> ShownWhyNot:
    """Return why an item is not in a user's list as it is to whoever asks, recorded."""
    if looker.is_app:
        return _with(ShownWhyNot, found)
    mask = Mask(sensitive_behaviours(session, found.user))
    masked = mask.why_not(found)
    note_look(session, looker, found.user, "why-not", found.item, sensitive=mask.count > 0)
    return _with(ShownWhyNot, found) if looker.sees_sensitive else _with(ShownWhyNot, masked, mask.count)


def tags_shown_to(session: Session, looker: Looker, held: TagList) -> ShownTags:
    """Return a user's tags as they are to whoever asks, recorded."""
    if looker.is_app:
        return _with(ShownTags, held)
    mask = Mask(sensitive_behaviours(session, held.user))
    masked = mask.tags(held)
    note_look(session, looker, held.user, "tags", sensitive=mask.count > 0)
    return _with(ShownTags, held) if looker.sees_sensitive else _with(ShownTags, masked, mask.count)


def _with(kind: type[T], record: msgspec.Struct, masked: int = 0) -> T:
    """Return the record with what was masked of it beside it."""
    return kind(**{name: getattr(record, name) for name in record.__struct_fields__}, masked=masked)
