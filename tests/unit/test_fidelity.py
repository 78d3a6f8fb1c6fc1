"""The deletion protocol, checked against its definition on a recommender that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.attribution import LeaveOneOut
from explainer.attribution.fidelity.config import FidelityConfig
from explainer.attribution.fidelity.people import cases_of, divide, likes_only
from explainer.attribution.fidelity.protocol import Case, curves
from explainer.attribution.fidelity.report import report_fidelity
from explainer.attribution.fidelity.steadiness import gini, steadiness
from retriever.data import Dataset, History, Item
from retriever.errors import DataError
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.ease import EaseConfig, EaseRecommender
from retriever.workspace import Workspace
from tests.conftest import HashEncoder, rating

TARGET, RIVAL = 10, 11


@pytest.fixture(scope="module")
def sums():
    """Ten items that lift item 10 by 1, 2 … 10, and item 11 always by 4."""
    items = [Item(f"i{n}", f"T{n}") for n in range(12)]
    matrix = np.zeros((12, 12), dtype=np.float32)
    matrix[:10, TARGET] = np.arange(1, 11)
    matrix[:10, RIVAL] = 4
    return EaseRecommender(EaseConfig(), Catalogue(items), Dataset("x", "video", tuple(items), ()).scale, matrix)


@pytest.fixture
def case():
    history = History("u", tuple(rating("u", f"i{n}", None, n, "like") for n in range(10)))
    met = np.array([n < 10 for n in range(12)])
    return Case(history, TARGET, met, 0.0)


def test_the_curves_are_what_the_protocol_says(sums, case):
    best = curves(sums, case, LeaveOneOut().attribute(sums, case.history, "i10").order)
    left = np.cumsum(np.arange(1, 11))[::-1]
    assert best.left == pytest.approx(np.append(left, 0) / 55)
    assert best.alone == pytest.approx(1 - np.append(left, 0) / 55)
    # 45 against 36 with nine left, 28 against 28 with seven: a tie counts against the item.
    assert best.rank.tolist() == [1, 1, 1, *[2] * 8]
    assert best.rank_least.tolist() == [*[1] * 10, 2]
    measures = best.measures()
    assert measures["pos@1"] == pytest.approx(3 / 11)
    assert measures["neg@1"] == pytest.approx(10 / 11)
    assert measures["pos@5"] == measures["pos@20"] == 1
    assert measures["cdcg"] == pytest.approx((3 + 8 / np.log2(3)) / 11)
    assert measures["del"] == pytest.approx(np.append(left, 0).sum() / 55 / 11)
    assert measures["ins"] == pytest.approx(1 - measures["del"])


def test_a_worse_order_is_measured_as_worse(sums, case):
    best = curves(sums, case, list(range(9, -1, -1))).measures()
    worst = curves(sums, case, list(range(10))).measures()
    assert best["del"] < worst["del"]
    assert best["ins"] > worst["ins"]
    assert best["pos@1"] < worst["pos@1"]
    assert best["neg@1"] > worst["neg@1"]


@pytest.mark.parametrize("length", [1, 2, 7])
def test_short_histories_have_eleven_points_too(sums, length):
    history = History("u", tuple(rating("u", f"i{n}", None, n, "like") for n in range(length)))
    found = curves(sums, Case(history, TARGET, np.arange(12) < length, 0.0), range(length))
    assert len(found.rank) == len(found.left) == 11
    assert (found.left[0], found.left[-1]) == (1, 0)


def test_likes_only_are_implicit(dataset):
    likes = likes_only(dataset)
    assert all(b.value is None and b.kind == "like" for b in likes.behaviours)
    liked = {(b.user, b.item) for b in dataset.behaviours if b.value and b.value >= 4}
    assert {(b.user, b.item) for b in likes.behaviours} == liked


def test_the_held_out_are_not_learnt_from(dataset):
    config = FidelityConfig(recommender=EaseConfig(), max_users=10)
    train, asked = divide(likes_only(dataset), config)
    assert len(asked) == 10
    assert not {h.user for h in asked} & set(train.histories)
    assert len(train.histories) == 96
    assert [h.user for h in divide(likes_only(dataset), config)[1]] == [h.user for h in asked]
    with pytest.raises(DataError, match="at least 2"):
        divide(Dataset("x", "video", dataset.items, ()), config)


def test_targets_are_the_best_unmet(model, dataset):
    for case in cases_of(model.recommender, list(dataset.histories.values())[:5]):
        scores = model.recommender.scores([case.history])[0]
        assert not case.met[case.column]
        assert scores[case.column] == scores[~case.met].max()
        assert scores[case.column] > case.base


@given(st.permutations(range(6)), st.integers(0, 5))
def test_steadiness_is_one_for_the_same_order_and_minus_one_for_its_reverse(order, dropped):
    def renumbered(places):
        return [place - (place > dropped) for place in places if place != dropped]

    assert steadiness(order, renumbered(order), dropped) == pytest.approx(1)
    assert steadiness(order, renumbered(order[::-1]), dropped) == pytest.approx(-1)


def test_too_few_for_a_correlation():
    assert steadiness([0, 1, 2], [0, 1], 2) is None


@given(st.lists(st.floats(-1e3, 1e3), max_size=20))
def test_gini_is_between_equal_and_all_for_one(values):
    assert -1e-9 <= gini(values) < 1
    assert gini([2.0] * 5) == pytest.approx(0)
    assert gini([0.0] * 9 + [1.0]) == pytest.approx(0.9)


def test_a_report_is_the_same_by_seed_and_its_default_beats_chance(dataset):
    embeddings = HashEncoder().encode([item.title for item in dataset.items])
    config = FidelityConfig(recommender=EaseConfig(regularization=10.0), max_users=15, peers=False)
    first, second = (report_fidelity(dataset, embeddings, config, Workspace(None, lambda *_: None)) for _ in range(2))
    timed = {"ms_per_history"}
    for one, other in zip(first.rows, second.rows, strict=True):
        assert {k: v for k, v in one.items() if k not in timed} == {k: v for k, v in other.items() if k not in timed}
    rows = {row["method"]: row for row in first.rows}
    assert rows[first.default]["del"] < rows["random"]["del"]
    assert rows[first.default]["pos@20"] <= rows["random"]["pos@20"]
    assert first.counterfactual["confirmed"] in {None, 1.0}
    assert first.counterfactual["smallest"] == 1.0
