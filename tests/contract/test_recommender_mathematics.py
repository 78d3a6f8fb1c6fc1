"""The mathematics behind each recommender: what it solves, weighs and learns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from retriever.data import BehaviourKind, History
from retriever.encoder import item_text
from retriever.fit import fit
from retriever.index import ExactIndex
from retriever.recommenders.als import AlsConfig, AlsRecommender
from retriever.recommenders.base import Training
from retriever.recommenders.blend import learn_weights
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.content import ContentConfig
from retriever.recommenders.ease import EaseConfig, ease_matrix
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.popularity import PopularityConfig
from retriever.recommenders.weighting import Recency, behaviour_weight, weigh
from retriever.validation import hold_back
from tests.conftest import HashEncoder, make_dataset, rating


@given(seed=st.integers(0, 10_000), users=st.integers(2, 30), items=st.integers(2, 12), strength=st.floats(0.5, 500))
@settings(max_examples=40, deadline=None)
def test_ease_solves_its_own_problem(seed, users, items, strength):
    """Steck's optimum: off the diagonal the gradient of ||X - XB||² + λ||B||² is zero, on it B is zero."""
    x = np.random.default_rng(seed).integers(0, 2, (users, items)).astype(float)
    b = ease_matrix(csr_array(x), strength).astype(float)
    gradient = x.T @ (x @ b - x) + strength * b
    assert np.diag(b) == pytest.approx(np.zeros(items))
    assert gradient[~np.eye(items, dtype=bool)] == pytest.approx(np.zeros(items * items - items), abs=2e-3 * strength)


@given(seed=st.integers(0, 1000), n=st.integers(1, 40), k=st.integers(1, 50))
@settings(max_examples=40, deadline=None)
def test_nearest_items_are_the_nearest(seed, n, k):
    rows = np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    positions, cosines = ExactIndex(rows).nearest(rows, k)
    expected = -np.sort(-(rows @ rows.T), axis=1)[:, : min(k, n)]
    assert cosines == pytest.approx(expected, abs=1e-6)
    assert positions.shape == cosines.shape


def test_low_ratings_speak_against_and_middling_ones_not_at_all(dataset):
    weights = [behaviour_weight(rating("u", "i1", value), dataset.scale) for value in (1, 2, 3, 4, 5)]
    assert weights[0] < weights[1] < 0 == weights[2] < weights[3] < weights[4] == 1


def test_kinds_and_age_set_how_loudly_a_behaviour_speaks(dataset):
    weights = {kind: behaviour_weight(rating("u", "i1", None, kind=kind), dataset.scale) for kind in BehaviourKind}
    assert weights["view"] < weights["click"] < weights["read"] < weights["purchase"] == weights["like"] == 1
    history = History.of("u", [rating("u", f"i{n}", 5.0, n + 1) for n in range(5)])
    aged = weigh(history, Catalogue(dataset.items), dataset.scale, Recency(half_life=2.0)).weights
    assert aged == pytest.approx([0.25, 2**-1.5, 0.5, 2**-0.5, 1.0])


def test_als_folds_in_as_the_library_does(dataset):
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    training = Training(dataset, HashEncoder().encode([item_text(i) for i in dataset.items]))
    recommender = AlsRecommender.fit(training, AlsConfig(factors=6, alpha=2.0))
    library = AlternatingLeastSquares(factors=6, regularization=5.0, alpha=1.0)
    library.item_factors = recommender.arrays()["factors"]
    history = History.of("u", [rating("u", f"i{n}", 5.0, n + 1) for n in range(6)])
    row = csr_matrix((np.full(6, 3.0, dtype=np.float32), (np.zeros(6, dtype=int), np.arange(6))), shape=(1, 60))
    theirs = library.recalculate_user(0, row) @ library.item_factors.T
    assert recommender.scores([history])[0] == pytest.approx(np.ravel(theirs), abs=1e-4)


def test_weights_are_learnt_and_stated_and_small_data_gets_settings_that_stand():
    data = make_dataset(n_users=200)
    parts = (EaseConfig(regularization=10.0), ContentConfig(), PopularityConfig())
    learnt = fit(data, HashEncoder(), HybridConfig(parts=parts)).recommender
    assert set(learnt.config.weights) == set(learnt.parts)
    assert learnt.config.weights["popularity"] > 0  # a cold start must have a list
    assert learnt.config.weights["content"] > 0  # and what comes after the fit a voice
    assert learnt.metrics["hybrid"] >= 0.95 * max(learnt.metrics.values())
    small = fit(make_dataset(n_users=10), HashEncoder(), HybridConfig()).recommender
    assert set(small.parts) == {"ease", "content", "popularity"}


def test_learnt_weights_find_the_recommender_that_knows():
    """Of one that knows the answer and one that guesses, the first gets all the say."""
    data = make_dataset(n_users=200)
    training = Training(data, HashEncoder().encode([item_text(i) for i in data.items]))
    validation = hold_back(training)
    rng = np.random.default_rng(0)
    noise, guess = (rng.normal(size=(len(validation.histories), 60)).astype(np.float32) for _ in range(2))
    truth = validation.relevant.toarray().astype(np.float32) + 0.5 * noise
    weights = learn_weights({"knows": truth, "guesses": guess}, validation)
    assert weights["knows"] > 5 * weights["guesses"]
    silent = {"flat": np.zeros_like(noise)}
    assert np.isfinite(list(learn_weights(silent, validation).values())).all()
