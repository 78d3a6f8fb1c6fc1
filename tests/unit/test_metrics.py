"""Every measure equals RecTools' on random recommendations, and does what its definition says on the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from retriever.evaluation import beyond, metrics
from retriever.evaluation.bootstrap import interval

K = 5


def _case(seed: int, users: int, items: int):
    rng = np.random.default_rng(seed)
    lists = np.stack([rng.permutation(items)[:K] for _ in range(users)])
    relevant = rng.random((users, items)) < 0.3
    relevant[np.arange(users), rng.integers(0, items, users)] = True
    return lists, csr_array(relevant), rng.integers(1, 20, items)


def _rectools():
    pd = pytest.importorskip("pandas")
    pytest.importorskip("rectools", reason="RecTools is not installed: pip install --no-deps -r requirements/peers.txt")
    from rectools import Columns

    return pd, Columns


def _frames(lists, relevant):
    pd, columns = _rectools()
    users, k = lists.shape
    reco = pd.DataFrame(
        {
            columns.User: np.repeat(np.arange(users), k),
            columns.Item: lists.ravel(),
            columns.Rank: np.tile(np.arange(1, k + 1), users),
        }
    )
    rows, items = relevant.nonzero()
    return reco, pd.DataFrame({columns.User: rows, columns.Item: items, columns.Weight: 1, columns.Datetime: "2020"})


@given(seed=st.integers(0, 10_000), users=st.integers(1, 12), items=st.integers(K, 30))
@settings(max_examples=25, deadline=None)
def test_accuracy_is_rectools_accuracy(seed, users, items):
    lists, relevant, _ = _case(seed, users, items)
    reco, interactions = _frames(lists, relevant)
    from rectools import metrics as theirs

    hits, counts = metrics.hits(lists, relevant), np.diff(relevant.indptr)
    pairs = {
        "precision": (metrics.precision(hits, K), theirs.Precision(K)),
        "recall": (metrics.recall(hits, K, counts), theirs.Recall(K)),
        "hit rate": (metrics.hit_rate(hits, K), theirs.HitRate(K)),
        "ndcg": (metrics.ndcg(hits, K, counts), theirs.NDCG(K, divide_by_achievable=True)),
        "mrr": (metrics.reciprocal_rank(hits, K), theirs.MRR(K)),
        "map": (metrics.average_precision(hits, K, counts), theirs.MAP(K)),
    }
    for name, (ours, metric) in pairs.items():
        assert ours == pytest.approx(metric.calc_per_user(reco, interactions).sort_index().to_numpy()), name


@given(seed=st.integers(0, 10_000), users=st.integers(1, 12), items=st.integers(K, 30))
@settings(max_examples=15, deadline=None)
def test_what_accuracy_does_not_see_is_rectools_too(seed, users, items):
    lists, relevant, fans = _case(seed, users, items)
    reco, _ = _frames(lists, relevant)
    pd, columns = _rectools()
    from rectools import metrics as theirs

    people = 20
    before = pd.DataFrame(
        {
            columns.User: np.concatenate([np.arange(n) for n in fans] + [np.arange(people)]),
            columns.Item: np.concatenate([np.repeat(np.arange(items), fans), np.full(people, items)]),
        }
    )
    catalogue = np.arange(items)
    assert beyond.coverage(lists, items) == theirs.CatalogCoverage(K, normalize=True).calc(reco, catalogue)
    novelty = theirs.MeanInvUserFreq(K).calc_per_user(reco, before).sort_index().to_numpy()
    assert beyond.novelty(lists, fans, people) == pytest.approx(novelty)
    popularity = theirs.AvgRecPopularity(K).calc_per_user(reco, before).sort_index().to_numpy()
    assert beyond.popularity_bias(lists, fans) == pytest.approx(popularity)


@given(seed=st.integers(0, 10_000), k=st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_diversity_is_the_mean_distance_of_all_pairs(seed, k):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(12, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    columns = rng.permutation(12)[:k]
    pairs = [1 - float(vectors[a] @ vectors[b]) for n, a in enumerate(columns) for b in columns[:n]]
    lists = np.concatenate([columns, [-1]])[np.newaxis]
    assert beyond.diversity(lists, vectors)[0] == pytest.approx(np.mean(pairs) if pairs else 0.0, abs=1e-5)


@given(seed=st.integers(0, 10_000), levels=st.integers(1, 4), k=st.integers(1, 15))
@settings(max_examples=40, deadline=None)
def test_top_is_a_stable_sort_without_what_was_met(seed, levels, k):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (4, 10)).astype(np.float32)  # few levels: many ties
    met = rng.random((4, 10)) < 0.3
    lists = metrics.top(scores, csr_array(met), k)
    for row in range(4):
        expected = [c for c in np.argsort(-scores[row], kind="stable") if not met[row, c]][:k]
        assert [c for c in lists[row] if c >= 0] == expected
        assert lists.shape == (4, k)


def test_a_list_with_gaps_is_judged_by_what_is_there():
    lists = np.array([[3, -1, -1], [-1, -1, -1]])
    relevant = csr_array(np.array([[0, 0, 0, 1], [1, 0, 0, 0]], dtype=bool))
    hits = metrics.hits(lists, relevant)
    assert hits.tolist() == [[True, False, False], [False, False, False]]
    assert metrics.ndcg(hits, 3, np.array([1, 1])).tolist() == [1.0, 0.0]
    assert beyond.novelty(lists, np.array([1, 1, 1, 4]), 8).tolist() == [1.0, 0.0]


def test_the_interval_holds_the_mean_and_shrinks_with_more_people():
    rng = np.random.default_rng(0)
    few, many = rng.random(50), rng.random(5000)
    for values in (few, many):
        low, high = interval(values)
        assert low < values.mean() < high
    assert interval(many)[1] - interval(many)[0] < interval(few)[1] - interval(few)[0]
    assert interval(np.full(10, 0.5)) == (0.5, 0.5)
    assert interval(np.zeros(0)) == (0.0, 0.0)
