"""How long it takes to erase a person of whom much is held, in a database that holds others, too."""

from __future__ import annotations

import mmap
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, make_url, text

from explainer.audit import log
from explainer.bench.errors import BenchError
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.service.subject.receipts import check_receipt
from explainer.storage.base import Base, now
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.database import Database
from explainer.storage.erasing import is_held
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow, FeedbackRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow, UpgradeRow, ViewRow
from explainer.storage.version_tables import ModelVersionRow, PromptVersionRow

BEHAVIOURS, EXPLANATIONS = 10_000, 1_000
_USER, _OTHERS, _ITEMS = "bench-person", 20, 100
_VERSION = "bench"
_BATCH = 100


def measure(url: str, folder: Path, behaviours: int = BEHAVIOURS, explanations: int = EXPLANATIONS) -> float:
    """Return the seconds from the request to the receipt, with everything committed and overwritten.

    Then every byte of the database's files, or every row on PostgreSQL, and what lies in the folder beside them is
    searched for the person, with the database open and closed.

    Args:
        url: The database's; its tables are made if there are none.
        folder: Where the key and the erasure list go.
        behaviours: Of the person; twenty others have as many together.
        explanations: Likewise, each with the contributions of a history that grows, evidence, a counterfactual, a later
            text and audit entries.

    Raises:
        BenchError: If something is left, or the search would not have found it.
    """
    database = Database(url)
    database.migrate()
    _fill(database, behaviours, explanations)
    key = ErasureKey.load(folder / "erasure.key")
    if not list(_naming(database, folder)):
        raise BenchError(f"The search for {_USER} finds nothing of what was just stored.")
    begun = time.perf_counter()
    receipt = erase(database, Erasing(key, ErasureList(folder / "erasures.jsonl", key)), _USER, "bench")
    seconds = time.perf_counter() - begun
    check_receipt(receipt)
    with database.session() as session:
        left = is_held(session, _USER)
    named = [*_naming(database, folder)]
    database.engine.dispose()
    named += _naming(database, folder)
    database.engine.dispose()
    if named:
        raise BenchError(f"{_USER} is still named in {', '.join(sorted(set(named)))}.")
    if left or receipt.counts.get("behaviours") != behaviours or receipt.counts.get("explanations") != explanations:
        raise BenchError(f"The erasure left something behind: {receipt.counts}")
    return seconds


def _naming(database: Database, folder: Path) -> Iterator[str]:
    """Yield the files, and on PostgreSQL the tables, in which anything of the person's is."""
    url = make_url(database.url)
    files = [folder / "erasures.jsonl", folder / "erasure.key"]
    if url.get_backend_name() == "sqlite":
        where = Path(str(url.database))
        files += where.parent.glob(f"{where.name}*")  # the write-ahead log, too
    else:
        with database.engine.connect() as connection:
            for name in Base.metadata.tables:
                told = text(f'SELECT count(*) FROM "{name}" AS one WHERE one::text LIKE :named')  # noqa: S608  our own
                if connection.scalar(told, {"named": f"%{_USER}%"}):
                    yield name
    yield from (file.name for file in files if _holds(file, _USER.encode()))


def _holds(file: Path, what: bytes) -> bool:
    if not file.exists() or not file.stat().st_size:
        return False
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as held:
        return held.find(what) >= 0


def _fill(database: Database, behaviours: int, explanations: int) -> None:
    with database.session() as session:
        connection = session.connection()
        _add(connection, ItemRow, map(_item, range(_ITEMS)))
        connection.execute(insert(PromptVersionRow), [_PROMPT])
        connection.execute(insert(ModelVersionRow), [_model("recommender"), _model("writer")])
    people = [(_USER, behaviours, explanations)]
    people += [(f"other-{n}", behaviours // _OTHERS, explanations // _OTHERS) for n in range(_OTHERS)]
    for user, acts, told in people:
        with database.session() as session:
            _add(session.connection(), BehaviourRow, (_behaviour(user, n) for n in range(acts)))
        for start in range(0, told, _BATCH):
            # The first is told of a short history and the last of a long one, as when they have grown together.
            _explain(database, user, min(_BATCH, told - start), acts * (start + _BATCH // 2) // told)


def _explain(database: Database, user: str, number: int, acts: int) -> None:
    ids = [str(uuid.uuid4()) for _ in range(number)]
    at = now()
    with database.session() as session:
        connection = session.connection()
        _add(connection, ExplanationRow, (_explanation(user, one, n, acts) for n, one in enumerate(ids)))
        _add(connection, EvidenceRow, (_evidence(user, one, slot) for one in ids for slot in ("b1", "b2")))
        _add(connection, CounterfactualRow, ({"explanation_id": one, "record": {"k": 10}} for one in ids))
        _add(connection, RevisionRow, ({"explanation_id": one, "number": 2} | _TEXT for one in ids))
        _add(connection, UpgradeRow, ({"explanation_id": one, "state": "done"} for one in ids))
        _add(connection, FeedbackRow, (_feedback(one) for one in ids[::10]))
        _add(connection, ReviewRow, ({"explanation_id": one, "cause": "reported"} for one in ids[::10]))
        views = ({"viewer": "sue", "role": "support", "subject": user, "what": "explanation", "at": at} for _ in ids)
        _add(connection, ViewRow, views)
        for one in ids:
            for event in ("explanation.created", "explanation.revised", "counterfactual.found"):
                log.append(session, event, one, {"id": one}, [user])


def _add(connection: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:  # noqa: ANN401  a mapped class
    if made := list(rows):
        connection.execute(insert(table), made)


def _item(n: int) -> dict[str, Any]:
    return {"id": f"item-{n}", "position": n, "title": f"Film {n}", "aspects": ["noir"], "text": "", "phrases": []}


def _behaviour(user: str, n: int) -> dict[str, Any]:
    return {
        "id": f"{user}-b{n}",
        "user_id": user,
        "item_id": f"item-{n % _ITEMS}",
        "kind": "rating",
        "value": 4.0,
        "time": 1_000_000 + n,
    }


def _explanation(user: str, explanation_id: str, n: int, acts: int) -> dict[str, Any]:
    return _TEXT | {
        "id": explanation_id,
        "user_id": user,
        "item_id": f"item-{n % _ITEMS}",
        "fingerprint": f"{n:064x}",
        "title": f"Film {n % _ITEMS}",
        "rank": 1,
        "score": 0.5,
        "base_score": 0.1,
        "method": "leave-one-out",
        "contributions": {f"{user}-b{m}": 0.01 for m in range(acts)},
        "order": [f"{user}-b{m}" for m in range(acts)],
        "known_user": True,
        "locale": "en",
        "audience": "customer",
        "recommender_version": "bench-recommender",
    }


def _evidence(user: str, explanation_id: str, slot: str) -> dict[str, Any]:
    return {
        "explanation_id": explanation_id,
        "slot": slot,
        "behaviour_id": f"{user}-b0",
        "item_id": "item-0",
        "title": "Film 0",
        "kind": "rating",
        "contribution": 0.1,
        "share": 0.5,
        "reasons": [{"type": "shared_aspect", "aspect": "noir"}],
    }


def _feedback(explanation_id: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "explanation_id": explanation_id,
        "kind": "wrong",
        "comment": "Not mine.",
        "given_by": "app",
    }


def _model(kind: str) -> dict[str, Any]:
    return {"version": f"{_VERSION}-{kind}", "kind": kind, "name": kind, "details": {}}


_PROMPT = {"version": _VERSION, "locale": "en", "audience": "customer", "templates": {}}
_TEXT: dict[str, Any] = {
    "text": "You gave Film 0 4 stars, and Film 1 works the same noir seam.",
    "draft": "You gave {b1} {b1.value}, and {item} works the same noir seam.",
    "slots": {"b1": "Film 0", "b1.value": "4 stars", "item": "Film 1"},
    "source": "model",
    "gate_failures": [],
    "prompt_hash": "0" * 64,
    "prompt_version": _VERSION,
    "writer_version": "bench-writer",
}
