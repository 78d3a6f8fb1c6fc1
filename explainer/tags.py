"""A user's tags: derived from what they did, listed, deleted and restored at their wish, each change audited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.errors import NotFoundError
from explainer.evidence import TagFinder, UserTag
from explainer.evidence.firewall import PrivateWords
from explainer.storage.catalogue import load_history
from explainer.storage.catalogue_tables import HiddenAspectRow
from explainer.storage.choices import load_choices
from explainer.storage.database import Database
from explainer.storage.erasing import keep_from_erasure
from explainer.storage.hidden import hidden_rows, hide_aspect, show_aspects
from explainer.storage.private import any_private, private_behaviours
from retriever.data import Item, ValueScale

_WHERE = "Those there are: GET /v1/users/{user}/tags, or explainer tags list."


class TagList(msgspec.Struct, frozen=True):
    """A user's tags.

    Attributes:
        user: Whose.
        tags: The aspects they come back to, strongest first.
        deleted: Tags they deleted, in lower case, oldest first: never used for them until restored.
    """

    user: str
    tags: list[UserTag]
    deleted: list[str]


class UserTags:
    """Lists, deletes and restores tags.

    Args:
        database: Where histories and deletions live.
        items: The catalogue.
        scale: Scale of the ratings.
        private_words: What no tag says to a customer.
    """

    def __init__(
        self, database: Database, items: Sequence[Item], scale: ValueScale, private_words: PrivateWords
    ) -> None:
        self._database = database
        self._items = items
        self._private_words = private_words
        self._finder = TagFinder(items, scale)

    def of(self, user: str, *, private: bool = True) -> TagList:
        """Return the user's tags, made of what they have not set aside; a user we never met has none.

        Args:
            user: Whose.
            private: Whether what tells of their private life counts, and is told.
        """
        with self._database.session() as session:
            history = load_choices(session, user).applied(load_history(session, user))
            deleted = [row.aspect for row in hidden_rows(session, user)]
            if not private:
                history = history.without(private_behaviours(session, user))
                unshown = self._private_among(session, user, deleted)
        if not private:
            shown = [tag for tag in self._finder.find(history, deleted) if not self._private_words.are_in(tag.tag)]
            return TagList(user, shown, [tag for tag in deleted if tag not in unshown])
        return TagList(user, self._finder.find(history, deleted), deleted)

    def _private_among(self, session: Session, user: str, tags: Sequence[str]) -> frozenset[str]:
        """Return which tags are terms of what is private, or stand on private things alone.

        What counts are the things that the user did something with; where none of these has the tag, all there are.
        """
        if not tags:
            return frozenset()
        private = private_behaviours(session, user)
        did = load_history(session, user).behaviours
        hidden = {b.item for b in did if b.id in private}
        shown = {b.item for b in did if b.id not in private}
        found = {tag for tag in tags if self._private_words.are_in(tag)}
        for tag in {*tags} - found:
            carriers = [item.id for item in self._items if tag in item.terms()]
            if shown.isdisjoint(carriers) and (not hidden.isdisjoint(carriers) or any_private(session, carriers)):
                found.add(tag)
        return frozenset(found)

    def delete(self, user: str, tag: str) -> None:
        """Never use the tag for this user again, neither as a tag nor as a reason.

        Raises:
            NotFoundError: If it is not among the user's tags.
        """
        wanted = tag.casefold()
        with self._database.session() as session:
            keep_from_erasure(session, [user])
            deleted = [row.aspect for row in hidden_rows(session, user)]
            if wanted in deleted:
                raise NotFoundError("The user has deleted this tag already; it can only be restored.")
            history = load_choices(session, user).applied(load_history(session, user))
            if wanted not in {found.tag.casefold() for found in self._finder.find(history, deleted)}:
                raise NotFoundError(f"The user has no such tag. {_WHERE}")
            row = hide_aspect(session, user, wanted)
            log.append(session, "tag.deleted", row.id, hidden_record(row), [user])

    def restore(self, user: str, tag: str) -> None:
        """Use the tag again wherever it fits.

        Raises:
            NotFoundError: If the user has not deleted it.
        """
        wanted = tag.casefold()
        with self._database.session() as session:
            keep_from_erasure(session, [user])
            found = [row for row in hidden_rows(session, user) if row.aspect == wanted]
            if not found:
                raise NotFoundError(f"The user has deleted no such tag. {_WHERE}")
            show_aspects(session, found)
            for row in found:
                log.append(session, "tag.restored", row.id, hidden_record(row), [user])


def hidden_record(row: HiddenAspectRow) -> dict[str, Any]:
    """Return what the audit entry is about: its random id keeps the digest from being guessed."""
    return {"id": row.id, "user": row.user_id, "aspect": row.aspect, "created_at": row.created_at.isoformat()}
