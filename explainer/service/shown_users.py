"""What is held of a user, and why something is not in their list, as it is to whoever asks, and put on record."""

from __future__ import annotations

import msgspec
from sqlalchemy.orm import Session

from explainer.service.behaviours import BehaviourPage
from explainer.service.exclusions import Exclusions
from explainer.service.masking import MASK, Mask, sensitive_behaviours
from explainer.service.shown import with_count
from explainer.service.unnamed import NOT_SHOWN
from explainer.service.views import Looker, note_look
from explainer.service.why_not import WhyNot
from explainer.storage.private import is_private_item
from explainer.tags import TagList, UserTags


class ShownWhyNot(WhyNot, frozen=True, kw_only=True, omit_defaults=True):
    """Why an item is not in a list; ``masked`` is 1 where sensitive behaviours, all as one, are shown as "•••"."""

    masked: int = 0


class ShownTags(TagList, frozen=True, kw_only=True, omit_defaults=True):
    """A user's tags; ``masked`` is 1 where sensitive ones, or behaviours behind others, are left out."""

    masked: int = 0


class ShownBehaviours(BehaviourPage, frozen=True, kw_only=True, omit_defaults=True):
    """Some of a user's behaviours; ``masked`` says how many sensitive ones are shown as "•••"."""

    masked: int = 0


class ShownExclusions(Exclusions, frozen=True, kw_only=True, omit_defaults=True):
    """What a user has excluded; ``masked`` says how many sensitive behaviours are shown as "•••"."""

    masked: int = 0


def history_shown_to(session: Session, looker: Looker, user: str, what: str) -> frozenset[str]:
    """Return the behaviours that a customer's own page names to nobody, and record that somebody saw the others."""
    note_look(session, looker, user, what)
    return sensitive_behaviours(session, user)


def unnamed_to(looker: Looker) -> str | None:
    """Return what stands for all that a user did of a private kind in what whoever asks reads; None names each."""
    if looker.is_app:
        return NOT_SHOWN["en"]
    return None if looker.sees_sensitive else MASK


def why_not_shown_to(session: Session, looker: Looker, found: WhyNot) -> ShownWhyNot:
    """Return why an item is not in a user's list, made for whoever asks (see :func:`unnamed_to`), recorded."""
    if looker.is_app:
        return with_count(ShownWhyNot, found)
    sensitive = sensitive_behaviours(session, found.user) | {MASK}
    count = sum(part.behaviour_id in sensitive for part in (*found.speaks_for, *found.speaks_against))
    # Where a private item stands says already whether they met it.
    is_told = count > 0 or is_private_item(session, found.item)
    note_look(session, looker, found.user, "why-not", found.item, sensitive=is_told)
    return with_count(ShownWhyNot, found, 0 if looker.sees_sensitive else count)


def tags_shown_to(session: Session, looker: Looker, tags: UserTags, user: str) -> ShownTags:
    """Return a user's tags as they are to whoever asks, recorded.

    Without a case they are made as if the user had done nothing private. How many behaviours are behind a tag, and how
    usual it is, would tell of a masked one what it is about; and of one under another tag, what it is about, too.
    """
    public = tags.of(user, private=False)
    if looker.is_app:
        return with_count(ShownTags, public)
    whole = tags.of(user)
    is_told = tell_privately(session, whole, public)
    note_look(session, looker, user, "tags", sensitive=is_told)
    return with_count(ShownTags, whole) if looker.sees_sensitive else with_count(ShownTags, public, int(is_told))


def tell_privately(session: Session, whole: TagList, public: TagList) -> bool:
    """Return whether tags tell of a private life, given the same user's as they are to the public."""
    behind = {behaviour.behaviour_id for tag in whole.tags for behaviour in tag.behaviours}
    said = {tag.tag for tag in whole.tags} - {tag.tag for tag in public.tags}
    return (
        bool(said)
        or whole.deleted != public.deleted
        or not behind.isdisjoint(sensitive_behaviours(session, whole.user))
    )


def behaviours_shown_to(session: Session, looker: Looker, page: BehaviourPage) -> ShownBehaviours:
    """Return a page of a user's behaviours as it is to whoever asks, recorded."""
    if looker.is_app:
        return with_count(ShownBehaviours, page)
    mask = Mask(sensitive_behaviours(session, page.user))
    masked = msgspec.structs.replace(page, behaviours=[mask.behaviour(one) for one in page.behaviours])
    note_look(session, looker, page.user, "behaviours", sensitive=mask.count > 0)
    return (
        with_count(ShownBehaviours, page) if looker.sees_sensitive else with_count(ShownBehaviours, masked, mask.count)
    )


def exclusions_shown_to(session: Session, looker: Looker, found: Exclusions) -> ShownExclusions:
    """Return what a user has excluded as it is to whoever asks, recorded."""
    if looker.is_app:
        return with_count(ShownExclusions, found)
    mask = Mask(sensitive_behaviours(session, found.user))
    masked = msgspec.structs.replace(found, exclusions=[mask.exclusion(one) for one in found.exclusions])
    note_look(session, looker, found.user, "exclusions", sensitive=mask.count > 0)
    return (
        with_count(ShownExclusions, found) if looker.sees_sensitive else with_count(ShownExclusions, masked, mask.count)
    )
