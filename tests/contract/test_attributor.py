"""The contract of attribution, and the axioms that its methods promise."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainer.attribution import (
    BackwardElimination,
    BatchedLeaveOneOut,
    IntegratedGradients,
    LeaveOneOut,
    SequentialDeletion,
    Shapley,
)
from explainer.attribution.baselines import AttentionWeights, CosineFirst, PopularFirst, RandomOrder
from explainer.attribution.peers import CaptumGradients, ImplicitExplain
from explainer.attribution.perturbation import KernelShap, Lime
from retriever.data import History
from retriever.errors import UnknownItemError
from retriever.fit import fit
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.attentive import AttentiveConfig
from retriever.recommenders.base import Training
from retriever.recommenders.ease import EaseConfig
from retriever.training_config import TrainingConfig
from tests.conftest import HashEncoder, rating

METHODS = {
    "leave-one-out": LeaveOneOut,
    "leave-one-out, batched": BatchedLeaveOneOut,
    "sequential": SequentialDeletion,
    "sequential, many at a look": lambda: SequentialDeletion(singly=0, share=1.0),
    "elimination": BackwardElimination,
    "gradients": IntegratedGradients,
    "shapley": lambda: Shapley(exact_up_to=4),
    "random": RandomOrder,
    "attention": AttentionWeights,
}
# Their parts add up to the whole by construction.
COMPLETE = ("sequential", "sequential, many at a look", "shapley")


@pytest.fixture(scope="module")
def als(dataset):
    return fit(dataset, HashEncoder(), AlsConfig(factors=6, regularization=1.0, alpha=3.0)).recommender


@pytest.fixture(scope="module")
def ease(dataset):
    return fit(dataset, HashEncoder(), EaseConfig(regularization=10.0)).recommender


@pytest.fixture(scope="module")
def attentive(dataset):
    config = AttentiveConfig(dimensions=8, history_length=10, training=TrainingConfig(epochs=2))
    return fit(dataset, HashEncoder(), config).recommender


@pytest.fixture(scope="module")
def training(dataset):
    return Training(dataset, np.ones((len(dataset.items), 2), dtype=np.float32))


@pytest.fixture(scope="module", params=["hybrid", "als", "attentive"])
def recommender(request, model):
    return model.recommender if request.param == "hybrid" else request.getfixturevalue(request.param)


@pytest.mark.parametrize("name", METHODS)
class TestContract:
    """What every method must do, for a sum, a linear system and a network."""

    def test_one_contribution_per_behaviour_and_an_order_of_them_all(self, name, recommender, dataset):
        for history in list(dataset.histories.values())[:3]:
            result = METHODS[name]().attribute(recommender, history, "i7")
            assert len(result.contributions) == len(history)
            assert sorted(result.order) == list(range(len(history)))
            assert result.method
            assert result.seconds >= 0
            assert result.score == pytest.approx(recommender.scores([history])[0, 7], abs=1e-4)
            assert result.base == pytest.approx(recommender.scores([History("u")])[0, 7], abs=1e-4)
            if name in COMPLETE:
                assert result.completeness_gap == pytest.approx(0, abs=1e-6)

    def test_is_deterministic(self, name, recommender, dataset):
        history = list(dataset.histories.values())[9]
        first, second = (METHODS[name]().attribute(recommender, history, "i7") for _ in range(2))
        assert (first.contributions, first.order, first.error) == (second.contributions, second.order, second.error)

    def test_an_empty_history_has_only_its_base(self, name, recommender):
        result = METHODS[name]().attribute(recommender, History("u"), "i7")
        assert result.contributions == result.order == ()
        assert result.score == result.base

    def test_an_unknown_item_is_an_error(self, name, recommender):
        with pytest.raises(UnknownItemError):
            METHODS[name]().attribute(recommender, History("u"), "nope")


rows = st.lists(st.tuples(st.integers(0, 59), st.sampled_from([1.0, 3.0, 4.0, 5.0, None])), min_size=1, max_size=9)


def history_of(rows) -> History:
    behaviours = [rating("u", f"i{i}", v, n + 1, "like" if v is None else "rating") for n, (i, v) in enumerate(rows)]
    return History.of("u", behaviours)


@given(rows=st.lists(st.tuples(st.integers(0, 59), st.sampled_from([1.0, 2.0, 5.0, None])), max_size=300))
@settings(max_examples=30, deadline=None)
def test_the_closed_form_equals_brute_force(model, rows):
    """Any history: many behaviours on one item, low ratings, likes without a value, more than one batch."""
    fast = LeaveOneOut().attribute(model.recommender, history_of(rows), "i9")
    slow = BatchedLeaveOneOut().attribute(model.recommender, history_of(rows), "i9")
    assert fast.contributions == pytest.approx(slow.contributions, abs=1e-4)


@given(rows=rows)
@settings(max_examples=30, deadline=None)
def test_closed_form_equals_brute_force_for_ease_to_a_millionth(ease, rows):
    fast = LeaveOneOut().attribute(ease, history_of(rows), "i9")
    slow = BatchedLeaveOneOut().attribute(ease, history_of(rows), "i9")
    assert fast.contributions == pytest.approx(slow.contributions, abs=1e-6)


@pytest.mark.parametrize(
    "method", [Shapley(), SequentialDeletion(), SequentialDeletion(lead=0), IntegratedGradients(20)]
)
@given(rows=rows)
@settings(max_examples=25, deadline=None)
def test_completeness(als, method, rows):
    result = method.attribute(als, history_of(rows), "i9")
    assert sum(result.contributions) == pytest.approx(result.score - result.base, abs=1e-5)


@pytest.mark.parametrize("method", [LeaveOneOut(), Shapley(), IntegratedGradients(2)])
@given(rows=rows, item=st.integers(0, 59), value=st.sampled_from([1.0, 4.0, 5.0]))
@settings(max_examples=25, deadline=None)
def test_symmetry_two_behaviours_that_say_the_same_get_the_same(als, method, rows, item, value):
    twins = [rating("u", f"i{item}", value, 1000), rating("u", f"i{item}", value, 1001)]
    result = method.attribute(als, History.of("u", [*history_of(rows).behaviours, *twins]), "i9")
    assert result.contributions[-1] == pytest.approx(result.contributions[-2], abs=1e-9)


@pytest.mark.parametrize("method", [LeaveOneOut(), Shapley(), IntegratedGradients(2), SequentialDeletion(singly=40)])
@given(rows=rows)
@settings(max_examples=25, deadline=None)
def test_a_null_player_gets_nothing_and_changes_nothing(als, method, rows):
    history = history_of(rows)
    stranger = rating("u", "no such item", 5.0, 500)
    more = method.attribute(als, History.of("u", [*history.behaviours, stranger]), "i9")
    assert more.contributions[-1] == pytest.approx(0, abs=1e-12)
    alone = method.attribute(als, history, "i9")
    assert more.contributions[:-1] == pytest.approx(alone.contributions, abs=1e-9)


@pytest.mark.parametrize("method", [LeaveOneOut(), Shapley(), IntegratedGradients(2)])
@given(rows=rows, seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_the_order_of_a_history_that_does_not_fade_changes_nothing(als, method, rows, seed):
    shuffled = np.random.default_rng(seed).permutation(len(rows)).tolist()
    straight = method.attribute(als, history_of(rows), "i9").contributions
    mixed = method.attribute(als, history_of([rows[n] for n in shuffled]), "i9").contributions
    assert mixed == pytest.approx([straight[n] for n in shuffled], abs=1e-9)


@given(rows=st.lists(st.tuples(st.integers(0, 59), st.sampled_from([1.0, 4.0, 5.0])), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_shapley_is_the_mean_gain_over_all_orders(als, rows):
    history = history_of(rows)

    def score(places):
        kept = tuple(b for n, b in enumerate(history.behaviours) if n in places)
        return float(als.scores([History("u", kept)])[0, 9])

    gains = np.zeros(len(rows))
    orders = list(permutations(range(len(rows))))
    for order in orders:
        for at, place in enumerate(order):
            gains[place] += score(order[: at + 1]) - score(order[:at])
    assert Shapley().attribute(als, history, "i9").contributions == pytest.approx(gains / len(orders), abs=1e-5)


def test_sampled_shapley_is_near_the_exact_one_as_its_error_says(als, dataset):
    history = History("u", list(dataset.histories.values())[5].behaviours[:11])
    exact = Shapley().attribute(als, history, "i9")
    sampled = Shapley(exact_up_to=0, pairs=200).attribute(als, history, "i9")
    assert exact.error == 0 < sampled.error
    assert sampled.contributions == pytest.approx(exact.contributions, abs=5 * sampled.error)


def test_sequential_deletion_takes_the_strongest_of_what_is_left(als, dataset):
    history = list(dataset.histories.values())[3]
    result = SequentialDeletion(lead=0).attribute(als, history, "i9")
    gone: set[str] = set()
    assert len(history) > 12
    for place in result.order[:8]:
        now = BatchedLeaveOneOut().attribute(als, history.without(gone), "i9")
        left = [b.id for b in history.behaviours if b.id not in gone]
        assert left[now.order[0]] == history.behaviours[place].id
        assert result.contributions[place] == pytest.approx(max(now.contributions), abs=1e-5)
        gone.add(history.behaviours[place].id)


def test_backward_elimination_spares_the_weakest_of_what_is_left(als, dataset):
    history = list(dataset.histories.values())[3]
    result = BackwardElimination(rounds=len(history)).attribute(als, history, "i9")
    gone: set[str] = set()
    for place in result.order[::-1][:6]:
        now = BatchedLeaveOneOut().attribute(als, history.without(gone), "i9")
        left = [b.id for b in history.behaviours if b.id not in gone]
        assert left[now.order[-1]] == history.behaviours[place].id
        gone.add(history.behaviours[place].id)


@given(rows=rows)
@settings(max_examples=25, deadline=None)
def test_a_null_player_gets_nothing_of_what_others_lose_together(als, rows):
    stranger = rating("u", "no such item", 5.0, 500)
    history = History.of("u", [*history_of(rows).behaviours, stranger])
    told = SequentialDeletion(singly=0, share=1.0).attribute(als, history, "i9")
    assert told.contributions[-1] == pytest.approx(0, abs=1e-12)


def test_two_of_a_kind_do_not_hide_each_other(als):
    """Leave-one-out sees neither of two that say the same; taken one after the other, they count."""
    twins = [rating("u", "i3", 5.0, 1), rating("u", "i3", 5.0, 2)]
    history = History.of("u", [*twins, rating("u", "i20", 5.0, 3)])
    item = als.catalogue.items[int(np.argsort(-als.scores([History("u", (twins[0],))])[0])[1])].id
    together = SequentialDeletion(lead=0).attribute(als, history, item)
    alone = LeaveOneOut().attribute(als, history, item)
    assert sum(together.contributions[:2]) > sum(alone.contributions[:2]) + 1e-3


def test_captum_and_many_nodes_agree(attentive, dataset):
    history = list(dataset.histories.values())[8]
    captum = CaptumGradients(steps=200).attribute(attentive, history, "i7")
    ours = IntegratedGradients(40).attribute(attentive, history, "i7")
    assert captum.contributions == pytest.approx(ours.contributions, abs=0.02 * max(map(abs, ours.contributions)))


def test_implicit_explains_its_own_score(als, dataset):
    history = History("u", tuple(b for b in list(dataset.histories.values())[8].behaviours if b.value >= 4))
    theirs = ImplicitExplain(als).attribute(als, history, "i7")
    assert theirs.completeness_gap == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("make", [Lime, KernelShap])
def test_the_libraries_find_what_matters_in_a_sum(ease, dataset, make):
    history = list(dataset.histories.values())[8]
    exact = LeaveOneOut().attribute(ease, history, "i7")
    found = make().attribute(ease, history, "i7")
    assert np.corrcoef(found.contributions, exact.contributions)[0, 1] > 0.8
    assert make().attribute(ease, history, "i7").contributions == found.contributions, "the same by seed"
    assert make().attribute(ease, History("u"), "i7").contributions == ()


def test_baselines_order_by_what_they_say(ease, training, dataset):
    history = list(dataset.histories.values())[8]
    likes = np.asarray((training.liked > 0).sum(axis=0)).ravel()
    popular = PopularFirst(training.liked).attribute(ease, history, "i7")
    assert popular.contributions == tuple(float(likes[ease.catalogue.position(b.item)]) for b in history.behaviours)
    cosine = CosineFirst(training.liked).attribute(ease, history, "i7")
    fans = (training.liked.toarray() > 0).astype(float)
    for place, behaviour in enumerate(history.behaviours):
        a, b = fans[:, ease.catalogue.position(behaviour.item)], fans[:, 7]
        assert cosine.contributions[place] == pytest.approx(a @ b / np.sqrt(max(a.sum(), 1) * max(b.sum(), 1)))


def test_attention_is_a_share_of_one(attentive, dataset):
    history = list(dataset.histories.values())[8]
    assert sum(AttentionWeights().attribute(attentive, history, "i7").contributions) == pytest.approx(1)
