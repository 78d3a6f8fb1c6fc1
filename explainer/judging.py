"""The catalogue judged: what is private of it is found once and stored, and found again when the lists change."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from explainer.evidence.firewall import Firewall
from explainer.storage.database import Database
from explainer.storage.private import items_to_judge, note_judged, stored_items, unchanged
from retriever.data import Item
from retriever.errors import EncoderError

_log = logging.getLogger(__name__)


def judge_catalogue(database: Database, firewall: Firewall, *, again: bool = True) -> int:
    """Judge what was not judged by this firewall, and return how many items that were.

    Without a working encoder terms alone decide, of what was never judged; the next start tries again.

    Args:
        database: Where the items are.
        firewall: What judges.
        again: Whether items that another one has judged are judged anew.
    """
    try:
        count = _judge(database, firewall, firewall.version if again else None)
    except EncoderError as error:
        firewall.trouble = str(error)
        _log.warning("What is private is told by terms alone until the sentence encoder can be used: %s", error)
        return _judge(database, firewall.by_terms, None)
    firewall.trouble = ""
    return count


class Stored:
    """Judges items in the transaction that stores them; what is slow of it was done before that began.

    Args:
        firewall: What judges; where its encoder cannot be used, terms alone, until the next start.
        items: What is to be stored.
    """

    def __init__(self, firewall: Firewall, items: Sequence[Item]) -> None:
        self._firewall = firewall
        try:
            vectors = firewall.vectors(items)
        except EncoderError as error:
            firewall.trouble = str(error)
            _log.warning("New items are judged by terms alone until the next start: %s", error)
            self._firewall, vectors = firewall.by_terms, [None] * len(items)
        self._vectors = {item.id: vector for item, vector in zip(items, vectors, strict=True)}

    def judge(self, session: Session, ids: Sequence[str]) -> None:
        """Judge items as they are stored now, their key phrases included."""
        held = stored_items(session, ids)
        judged = {item.id: self._firewall.categories_of(item, self._vectors[item.id]) for item in held}
        note_judged(session, judged, self._firewall.version)


def _judge(database: Database, firewall: Firewall, version: str | None) -> int:
    count, chunks = 0, _to_judge(database, version)
    while chunks:
        changed: set[str] = set()
        for items in chunks:
            found = firewall.judge(items)  # no transaction is open while the encoder works
            judged = {item.id: of for item, of in zip(items, found, strict=True)}
            with database.session() as session:
                # What was changed meanwhile was judged with its change, and is looked at again if that was by others.
                same = unchanged(session, items)
                note_judged(session, {item: judged[item] for item in same}, firewall.version)
            count += len(same)
            changed |= judged.keys() - set(same)
        # Of the rest nothing: a process with other lists may have judged it meanwhile, and so in turn without end.
        chunks = _to_judge(database, version, changed) if changed else []
    return count


def _to_judge(database: Database, version: str | None, among: Collection[str] | None = None) -> list[list[Item]]:
    with database.session() as session:
        return list(items_to_judge(session, version, among))
