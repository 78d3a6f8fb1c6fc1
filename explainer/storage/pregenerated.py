"""Explanations that are written before anybody asks: each key is somebody's, and only its holder is stored.

Whoever is killed takes the claims of an open transaction along, and of two who claim the same at the same moment one
waits for the other and then finds that it is taken. So there is one explanation of each key whatever happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from explainer.storage.base import now
from explainer.storage.bulk_tables import PregeneratedRow
from explainer.storage.erasing import begin_writing, changed, still_known
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.explanations import still_shown
from explainer.storage.once import insert_once

_KEY = ("user_id", "item_id", "recommender_version", "writer_version", "prompt_hash", "fingerprint")
_Key = tuple[str, ...]


def claim(session: Session, rows: Sequence[ExplanationRow]) -> list[ExplanationRow]:
    """Return which explanations are to be stored in the caller's transaction.

    Not those of which there is one that still holds, whoever had it written, nor any for those of whom nothing is known
    or no longer: they may have been erased before or while these were made, and never asked for any.

    Args:
        session: Open session that has not read anything.
        rows: Explanations that are not stored yet.
    """
    begin_writing(session)
    rows = _of_the_known(session, rows)
    _claim(session, rows)
    holders = _holders(session, rows)
    standing = _standing(session, rows)
    return [row for row in rows if _is_ours(session, row, holders, standing)]


def rests_on_behaviours(row: ExplanationRow) -> bool:
    """Return whether an explanation was made of anything that its user did."""
    return bool(row.contributions or (row.asked or {}).get("set_aside"))


def _of_the_known(session: Session, rows: Sequence[ExplanationRow]) -> list[ExplanationRow]:
    known = still_known(session, {row.user_id for row in rows})
    return [row for row in rows if row.user_id in known]


def _claim(session: Session, rows: Sequence[ExplanationRow]) -> None:
    # In one order for everybody: two who claimed the same in different ones would wait for each other.
    claims = [{**_columns(row), "explanation_id": row.id, "created_at": now()} for row in sorted(rows, key=_key_of)]
    insert_once(session, PregeneratedRow, claims)


def _holders(session: Session, rows: Sequence[ExplanationRow]) -> dict[_Key, str]:
    """Return the id of the explanation that holds each key."""
    found = select(*(getattr(PregeneratedRow, name) for name in _KEY), PregeneratedRow.explanation_id).where(
        PregeneratedRow.user_id.in_({row.user_id for row in rows}),
        PregeneratedRow.fingerprint.in_({row.fingerprint for row in rows}),
    )
    return {tuple(key): explanation_id for *key, explanation_id in session.execute(found)}


def _standing(session: Session, rows: Sequence[ExplanationRow]) -> dict[tuple[str, str], str]:
    """Return the ids of stored explanations that say what these would, by user and item."""
    fingerprints: dict[str, dict[str, str]] = {}
    for row in rows:
        fingerprints.setdefault(row.user_id, {})[row.item_id] = row.fingerprint
    return {
        (user, item): row.id
        for user, of_items in fingerprints.items()
        for item, row in still_shown(session, user, of_items).items()
    }


def _is_ours(
    session: Session, row: ExplanationRow, holders: dict[_Key, str], standing: dict[tuple[str, str], str]
) -> bool:
    holder, stored = holders.get(_key_of(row)), standing.get((row.user_id, row.item_id))
    if holder is None:
        return False  # whoever had it was erased at this very moment, and so was the user
    if stored is None:
        # What holds the key was suppressed, withdrawn, or says of a time what is no longer so.
        return holder == row.id or _pass_on(session, row, holder, row.id)
    if holder == row.id:
        _pass_on(session, row, holder, stored)
    return False


def _pass_on(session: Session, row: ExplanationRow, holder: str, heir: str) -> bool:
    """Give a key from one explanation to another; return False if somebody else did before."""
    mine = [getattr(PregeneratedRow, name) == value for name, value in _columns(row).items()]
    passed = update(PregeneratedRow).where(*mine, PregeneratedRow.explanation_id == holder)
    return changed(session.execute(passed.values(explanation_id=heir, created_at=now()))) == 1


def _columns(row: ExplanationRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _KEY}


def _key_of(row: ExplanationRow) -> _Key:
    return tuple(_columns(row).values())
