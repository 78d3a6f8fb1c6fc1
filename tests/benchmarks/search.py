"""Nearest items at size: exact over 1 M vectors, approximate over 200 k that real embeddings were perturbed into.

A perturbed copy is the embedding plus Gaussian noise, back at length 1, with a cosine of about .9 to the original;
queries are copies that are not in the index. White noise would have no neighbours worth finding.
"""

from __future__ import annotations

import math
import time

import faiss
import numpy as np

from retriever.encoder import Embeddings, SentenceEncoder
from retriever.index import ApproximateIndex, ExactIndex, IndexConfig
from tests.benchmarks.texts import film_texts, news_texts
from tests.benchmarks.timing import median_s

K = 100
_COSINE = 0.9
_ROWS_AT_ONCE = 50_000
_QUERIES = 200


def perturbed(originals: Embeddings, n: int, seed: int) -> Embeddings:
    """Return float32 [n, dimensions]: copies of random ``originals`` at a cosine of about .9 to them."""
    rng = np.random.default_rng(seed)
    dimensions = originals.shape[1]
    scale = math.sqrt((1 / _COSINE**2 - 1) / dimensions)
    rows = np.empty((n, dimensions), np.float32)
    for start in range(0, n, _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        rng.standard_normal(out=part, dtype=np.float32)
        part *= scale
        part += originals[rng.integers(0, len(originals), len(part))]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return rows


def _ms_per_query(index: ExactIndex | ApproximateIndex, queries: Embeddings, repeats: int) -> float:
    """Return the median milliseconds of one search, one query at a time as a service sees them."""
    index.nearest(queries[:1], K)
    turn = iter(np.resize(np.arange(len(queries)), repeats))

    def one() -> None:
        at = next(turn)
        index.nearest(queries[at : at + 1], K)

    return 1000 * median_s(one, repeats)


def _recall(found: np.ndarray, truth: np.ndarray) -> float:
    hits = [len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist(), strict=True)]
    return sum(hits) / truth.size


def exact_search(originals: Embeddings) -> dict[str, float]:
    """Measure the exact index over 1 M x 384."""
    index = ExactIndex(perturbed(originals, 1_000_000, seed=1))
    queries = perturbed(originals, 20, seed=2)
    return {
        "exact_1m_ms_per_query": _ms_per_query(index, queries, 21),
        "exact_1m_ms_per_query_in_batches": 1000 * median_s(lambda: index.nearest(queries, K), 3) / len(queries),
    }


def approximate_search(originals: Embeddings) -> dict[str, float]:
    """Measure the approximate index over 200 k, against the exact one."""
    rows, queries = perturbed(originals, 200_000, seed=1), perturbed(originals, _QUERIES, seed=2)
    start = time.perf_counter()
    index = ApproximateIndex(rows, IndexConfig(k=K))
    built = time.perf_counter() - start
    exact = ExactIndex(rows)
    threads = faiss.omp_get_max_threads()
    figures = {
        "approximate_200k_build_s": built,
        "approximate_200k_recall_at_100": _recall(index.nearest(queries, K)[0], exact.nearest(queries, K)[0]),
        "approximate_200k_recall_it_measured_itself": index.recall,
        "approximate_200k_cells_searched": index.searched / index.cells,
        "approximate_200k_ms_per_query": _ms_per_query(index, queries, _QUERIES),
        "exact_200k_ms_per_query": _ms_per_query(exact, queries, 20),
    }
    faiss.omp_set_num_threads(1)
    figures["approximate_200k_ms_per_query_one_thread"] = _ms_per_query(index, queries, _QUERIES)
    faiss.omp_set_num_threads(threads)
    return figures


def search() -> dict[str, float]:
    """Measure both."""
    originals = SentenceEncoder().encode(film_texts() + news_texts())
    return approximate_search(originals) | exact_search(originals)
