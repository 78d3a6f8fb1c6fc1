"""How well and how fast pgvector finds the nearest of 100,000 items, and whether a filter leaves its answers whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from explainer.bench.errors import BenchError
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.storage.vectors.nearest import PgVectorIndex, PgVectorMaker, Wanted
from retriever.data import Behaviour, BehaviourKind, CleaningReport, Dataset, Item
from retriever.encoder import Embeddings
from retriever.index import ExactIndex

_ITEMS, _DIMENSIONS, _KINDS, _QUERIES, _K = 100_000, 384, 2000, 300, 100
_RARE_EVERY, _MET = 100, 500
_USER, _RARE = "collector", "rare"
_SPREAD = 0.03
Say = Callable[[str], None]


class Vectors(TypedDict):
    """What was measured.

    Attributes:
        recall: Share of the true nearest 100 that a search finds, mean over queries that are no items.
        p95_ms: Milliseconds of a search, from Python and back, that 95 of 100 keep.
        store_s: Seconds to store and index all items.
        filtered_p95_ms: As ``p95_ms``, for searches among items of one genre in a hundred that a user has not met.
    """

    recall: float
    p95_ms: float
    store_s: float
    filtered_p95_ms: float


def measure(url: str, say: Say, items: int = _ITEMS, queries: int = _QUERIES) -> Vectors:
    """Return the figures on an empty PostgreSQL with pgvector.

    Args:
        url: The database's.
        say: Told what is being done.
        items: How many vectors.
        queries: How many searches of each sort.

    Raises:
        BenchError: If a filtered search finds less than was asked for and is there.
        NotReadyError: If the database has no pgvector.
    """
    database = Database(url)
    database.migrate()
    rows, asked = clustered(items, 1), clustered(queries, 2)
    say("storing a catalogue")
    _store_catalogue(database, items)
    say(f"storing and indexing {items:,} vectors")
    begun = time.perf_counter()
    index = PgVectorMaker(database, "bench")(rows)
    store_s = time.perf_counter() - begun
    say("searching")
    _timed(clustered(queries, 3), lambda query: index.nearest(query[None], _K)[0][0])  # to warm up
    found = searched(index, rows, asked)
    say("searching with filters")
    filtered = _filtered(index, asked, items)
    database.engine.dispose()
    return Vectors(recall=found[0], p95_ms=found[1], store_s=store_s, filtered_p95_ms=filtered)


def clustered(number: int, seed: int) -> Embeddings:
    """Return float32 [number, 384] of length 1: items of 2,000 kinds that have nothing to do with each other.

    Texts are easier: their kinds have neighbours, along which a search finds its way.
    """
    kinds = _unit(np.random.default_rng(0).normal(size=(_KINDS, _DIMENSIONS)))
    random = np.random.default_rng(seed)
    return _unit(kinds[random.integers(0, _KINDS, number)] + _SPREAD * random.normal(size=(number, _DIMENSIONS)))


def _unit(rows: npt.NDArray[np.float64]) -> Embeddings:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def searched(index: PgVectorIndex, rows: Embeddings, queries: Embeddings) -> tuple[float, float]:
    """Return recall@100 against the exact answer, and the 95th percentile of the milliseconds."""
    truth, _ = ExactIndex(rows).nearest(queries, _K)
    answers, p95 = _timed(queries, lambda query: index.nearest(query[None], _K)[0][0])
    shares = [len(set(found.tolist()) & set(true.tolist())) / _K for found, true in zip(answers, truth, strict=True)]
    return float(np.mean(shares)), p95


def _filtered(index: PgVectorIndex, queries: Embeddings, items: int) -> float:
    """Return the 95th percentile of the milliseconds, of searches that must find all they are asked for."""
    wanted = Wanted(unmet_by=_USER, aspect=_RARE)
    there = items // _RARE_EVERY - len(range(0, min(_MET, items), _RARE_EVERY))
    answers, p95 = _timed(queries, lambda query: index.nearest_among(query, _K, wanted)[0])
    short = [len(found) for found in answers if len(found) < min(_K, there)]
    if short:
        raise BenchError(f"{len(short)} of {len(queries)} filtered searches found too few, the first one {short[0]}.")
    return p95


def _timed(
    queries: Embeddings, search: Callable[[Embeddings], npt.NDArray[np.int64]]
) -> tuple[list[npt.NDArray[np.int64]], float]:
    """Return what was found for each query, and the 95th percentile of the milliseconds."""
    answers, seconds = [], []
    for query in queries:
        begun = time.perf_counter()
        answers.append(search(query))
        seconds.append(time.perf_counter() - begun)
    return answers, 1000 * float(np.percentile(seconds, 95))


def _store_catalogue(database: Database, number: int) -> None:
    """Store as many items, one of a hundred rare, and a user who has met the first 500 of them."""
    items = tuple(Item(f"i{n}", f"Thing {n}", (_RARE,) if n % _RARE_EVERY == 0 else ("usual",)) for n in range(number))
    met = tuple(Behaviour(f"b{n}", _USER, f"i{n}", BehaviourKind.VIEW) for n in range(min(_MET, number)))
    with database.session() as session:
        catalogue.ingest(session, Dataset("bench", "shop", items, met), CleaningReport(), lambda _: None)
