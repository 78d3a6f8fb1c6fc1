"""Behaviours that a user wants not to be used ("don't use this"), or to be used again; each change audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from explainer.audit import log
from explainer.service.named import named
from explainer.storage.catalogue import behaviour_titles, load_history
from explainer.storage.choice_tables import ExclusionRow
from explainer.storage.choices import exclude, exclusion_rows, include
from explainer.storage.database import Database
from explainer.storage.erasing import keep_from_erasure
from retriever.data import Behaviour, BehaviourKind


class Exclusion(msgspec.Struct, frozen=True):
    """One behaviour that is not used.

    Attributes:
        behaviour_id: Its id.
        item: Id of the item it is about; None, like all that follows, if the behaviour is on record no more.
        title: Title of that item; None also where the catalogue has none.
        kind: What was done.
        value: The rating, when there is one.
        time: Unix time in seconds, when known.
        excluded_at: Since when it is not used.
    """

    behaviour_id: str
    item: str | None
    title: str | None
    kind: BehaviourKind | None
    value: float | None
    time: int | None
    excluded_at: datetime


class Exclusions(msgspec.Struct, frozen=True):
    """All that a user has excluded, oldest exclusion first."""

    user: str
    exclusions: list[Exclusion]


def exclusions_of(database: Database, user: str) -> Exclusions:
    """Return what the user has excluded; a user we never met has excluded nothing."""
    with database.session() as session:
        rows = exclusion_rows(session, user)
        did = {behaviour.id: behaviour for behaviour in load_history(session, user).behaviours} if rows else {}
        titles = behaviour_titles(session, user) if rows else {}
    return Exclusions(user, [_exclusion(row, did.get(row.behaviour_id), titles) for row in rows])


def exclude_behaviours(database: Database, user: str, names: Sequence[str]) -> Exclusions:
    """Use these behaviours no more and return all that is excluded now; a second time changes nothing.

    Args:
        database: Where choices live.
        user: Whose.
        names: Ids of behaviours, or of items: then all that the user did with them so far.

    Raises:
        NotFoundError: If one is none of this user's; then nothing is excluded.
    """
    with database.session() as session:
        keep_from_erasure(session, [user])
        meant = named(load_history(session, user), names)
        for row in exclude(session, user, [behaviour.id for behaviour in meant]):
            log.append(session, "behaviour.excluded", row.id, exclusion_record(row), [user])
    return exclusions_of(database, user)


def include_behaviour(database: Database, user: str, name: str) -> None:
    """Use an excluded behaviour again, or all with an item; one that is not excluded stays as it is.

    Raises:
        NotFoundError: If it is none of this user's.
    """
    with database.session() as session:
        keep_from_erasure(session, [user])
        held = [row.behaviour_id for row in exclusion_rows(session, user)]
        # What was excluded and then erased can still be taken off the list.
        meant = {behaviour.id for behaviour in named(load_history(session, user), [name], also=held)} | {name}
        for row in include(session, user, sorted(meant)):
            log.append(session, "behaviour.included", row.id, exclusion_record(row), [user])


def _exclusion(row: ExclusionRow, did: Behaviour | None, titles: dict[str, str]) -> Exclusion:
    if did is None:
        return Exclusion(row.behaviour_id, None, None, None, None, None, row.created_at)
    return Exclusion(did.id, did.item, titles.get(did.id), did.kind, did.value, did.time, row.created_at)


def exclusion_record(row: ExclusionRow) -> dict[str, Any]:
    """Return what the audit entry is about: its random id keeps the digest from being guessed."""
    return {
        "id": row.id,
        "user": row.user_id,
        "behaviour": row.behaviour_id,
        "created_at": row.created_at.isoformat(),
    }
