"""What every index promises: the nearest, best first, and a clear refusal of what has no direction."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retriever.errors import IndexInputError
from retriever.index import ApproximateIndex, ExactIndex, IndexConfig, make_index


def unit(rows) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def random_rows(n: int, dimensions: int = 16, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(n, dimensions)))


def clusters(n: int, seed: int = 0) -> np.ndarray:
    """Like real catalogues: a few hundred kinds, each many times over with small differences."""
    rng = np.random.default_rng(seed)
    kinds = random_rows(200, 64, seed=99)
    return unit(kinds[rng.integers(0, 200, n)] + 0.06 * rng.normal(size=(n, 64)))


def naive(rows: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Sort every item by cosine, then position; the cosine is summed in float64 and rounded to float32."""
    cosines = (queries[:, None, :].astype(np.float64) * rows[None]).sum(axis=2).astype(np.float32)
    order = np.array([sorted(range(len(rows)), key=lambda i: (-row[i], i))[:k] for row in cosines])
    return order, np.take_along_axis(cosines, order, axis=1)


class IndexContract:
    def make(self, rows):
        raise NotImplementedError

    def test_an_item_is_nearest_to_itself_and_cosines_are_cosines(self):
        rows = clusters(3000)
        positions, cosines = self.make(rows).nearest(rows[:50], 5)
        assert positions.dtype == np.int64
        assert cosines.dtype == np.float32
        assert positions[:, 0].tolist() == list(range(50))
        expected = (rows[positions] * rows[:50, None]).sum(axis=2)
        assert cosines == pytest.approx(expected, abs=1e-5)
        assert (np.diff(cosines, axis=1) <= 0).all()

    def test_recall_on_queries_it_has_not_seen(self):
        rows, queries = clusters(3000), clusters(100, seed=1)
        found, _ = self.make(rows).nearest(queries, 20)
        truth, _ = naive(rows, queries, 20)
        shares = [len(set(a) & set(b)) / 20 for a, b in zip(found.tolist(), truth.tolist(), strict=True)]
        assert np.mean(shares) >= 0.95

    def test_more_than_there_are_gives_all(self):
        rows = random_rows(300)
        positions, cosines = self.make(rows).nearest(rows[:7], 1000)
        assert positions.shape == cosines.shape == (7, 300)
        assert (np.sort(positions, axis=1) == np.arange(300)).all()

    def test_one_item(self):
        positions, cosines = self.make(random_rows(1)).nearest(random_rows(3), 10)
        assert positions.tolist() == [[0], [0], [0]]
        assert cosines.shape == (3, 1)

    def test_doubles_come_in_their_order(self):
        rows = np.repeat(random_rows(40), 25, axis=0)
        positions, cosines = self.make(rows).nearest(rows[:1], 25)
        assert positions.tolist() == [list(range(25))]
        assert (cosines == cosines[0, 0]).all()

    def test_no_queries_no_answers(self):
        for none in (np.zeros((0, 16), np.float32), np.zeros((0, 0), np.float32)):
            positions, cosines = self.make(random_rows(50)).nearest(none, 3)
            assert positions.shape == cosines.shape == (0, 3)
            assert positions.dtype == np.int64

    def test_built_twice_it_answers_the_same(self):
        rows, queries = clusters(3000), clusters(40, seed=2)
        first, second = self.make(rows).nearest(queries, 30), self.make(rows).nearest(queries, 30)
        assert np.array_equal(first[0], second[0])
        assert np.array_equal(first[1], second[1])

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_what_is_not_finite_is_refused_with_its_row(self, bad):
        rows = random_rows(60)
        rows[17, 3] = bad
        with pytest.raises(IndexInputError, match="Row 17 of the embeddings is not finite"):
            self.make(rows)
        with pytest.raises(IndexInputError, match="Row 17 of the queries is not finite"):
            self.make(random_rows(60)).nearest(rows, 3)

    @pytest.mark.parametrize(
        ("embeddings", "message"),
        [
            (np.zeros((0, 16), np.float32), "at least one item"),
            (np.zeros((0, 0), np.float32), "shape"),
            (np.ones(16, np.float32) / 4, "shape"),
            (np.float32(1), "shape"),
            (np.ones((2, 3, 4), np.float32), "shape"),
            (np.ones((5, 0), np.float32), "shape"),
            (None, "shape"),
            ([["a", "b"]], "no table of numbers"),
            ([[1.0, 0.0], [1.0]], "no table of numbers"),
            (np.zeros((3, 16), np.float32), "Row 0 of the embeddings has length 0, not 1"),
            (2 * random_rows(3), "has length 2, not 1"),
        ],
    )
    def test_what_cannot_be_searched_is_refused(self, embeddings, message):
        with pytest.raises(IndexInputError, match=message):
            self.make(embeddings)

    def test_queries_of_another_encoder_and_a_k_of_none_are_refused(self):
        index = self.make(random_rows(50, 16))
        with pytest.raises(IndexInputError, match="8 dimensions, the index 16"):
            index.nearest(random_rows(2, 8), 3)
        with pytest.raises(IndexInputError, match="at least 1"):
            index.nearest(random_rows(2, 16), 0)


class TestExactIndex(IndexContract):
    def make(self, rows):
        return ExactIndex(rows)

    @given(
        seed=st.integers(0, 10_000),
        n=st.integers(1, 120),
        k=st.integers(1, 130),
        dimensions=st.integers(1, 40),
        levels=st.sampled_from([1, 2, 1000]),
    )
    @settings(max_examples=150, deadline=None)
    def test_is_the_naive_search_to_the_last_bit_ties_included(self, seed, n, k, dimensions, levels):
        """Few levels make many equal rows and equal cosines; the answer is defined and has to be that one."""
        rng = np.random.default_rng(seed)
        rows = unit(rng.integers(-levels, levels, (n, dimensions), endpoint=True) + 1e-3)
        queries = np.concatenate([rows[: n // 2], unit(rng.normal(size=(3, dimensions)))])
        positions, cosines = ExactIndex(rows).nearest(queries, k)
        expected, values = naive(rows, queries, k)
        assert np.array_equal(positions, expected)
        assert np.array_equal(cosines, values)

    @pytest.mark.parametrize("gap", [1e-8, 1e-7, 1e-6])
    def test_near_ties_that_float32_sums_confuse_are_told_apart(self, gap):
        """Thousands of rows a rounding error apart: a plain float32 product orders them by chance."""
        rng = np.random.default_rng(5)
        rows = unit(np.ones((4000, 384)) + gap * 384 * rng.normal(size=(4000, 384)))
        positions, cosines = ExactIndex(rows).nearest(rows[:3], 100)
        expected, values = naive(rows, rows[:3], 100)
        assert np.array_equal(positions, expected)
        assert np.array_equal(cosines, values)

    @pytest.mark.parametrize("n", [7, 1000, 20_000])
    def test_a_batch_is_what_its_queries_are_one_by_one(self, n):
        index, queries = ExactIndex(random_rows(n, 33)), random_rows(1700 if n < 20_000 else 50, 33, seed=1)
        positions, cosines = index.nearest(queries, 9)
        for i in range(0, len(queries), 7):
            alone = index.nearest(queries[i : i + 1], 9)
            assert np.array_equal(alone[0][0], positions[i])
            assert np.array_equal(alone[1][0], cosines[i])


class TestApproximateIndex(IndexContract):
    def make(self, rows):
        return ApproximateIndex(rows, IndexConfig(k=20, recall=0.97))

    def test_measures_its_recall_and_says_it(self, caplog):
        with caplog.at_level(logging.INFO, logger="retriever"):
            index = self.make(clusters(5000))
        assert 0.9 <= index.recall <= 1
        assert index.searched < index.cells
        assert f"recall@20 {index.recall:.3f}" in caplog.text

    def test_more_recall_costs_more_cells_and_all_of_it_can_be_had(self):
        rows, queries = random_rows(3000), random_rows(50, seed=1)  # noise: the hardest case for any index
        some, whole = (ApproximateIndex(rows, IndexConfig(k=20, recall=share)) for share in (0.6, 1.0))
        assert some.searched < whole.searched
        assert some.recall < whole.recall == pytest.approx(1, abs=0.01)
        found, _ = whole.nearest(queries, 20)
        truth, _ = ExactIndex(rows).nearest(queries, 20)
        assert np.mean([len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist(), strict=True)]) > 19.5

    def test_what_it_says_of_its_recall_is_so(self):
        rows = random_rows(4000)
        index = ApproximateIndex(rows, IndexConfig(k=20, recall=0.7))
        queries = random_rows(300, seed=3)
        found, _ = index.nearest(queries, 20)
        truth, _ = ExactIndex(rows).nearest(queries, 20)
        share = np.mean([len(set(a) & set(b)) / 20 for a, b in zip(found.tolist(), truth.tolist(), strict=True)])
        assert share == pytest.approx(index.recall, abs=0.1)

    def test_another_seed_is_another_index_of_the_same_quality(self):
        rows = clusters(3000)
        first, second = (ApproximateIndex(rows, IndexConfig(seed=seed, k=20)) for seed in (1, 2))
        assert first.recall == pytest.approx(second.recall, abs=0.05)


def test_size_decides_which_index_is_made():
    rows = clusters(500)
    assert isinstance(make_index(rows, IndexConfig(exact_up_to=500)), ExactIndex)
    assert isinstance(make_index(rows, IndexConfig(exact_up_to=499)), ApproximateIndex)
    assert isinstance(make_index(rows), ExactIndex)
    assert make_index(rows).recall == 1
    with pytest.raises(IndexInputError, match="shape"):
        make_index(np.float32(1))
