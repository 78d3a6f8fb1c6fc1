"""The contract that every recommender passes, whatever it is made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retriever.data import History
from retriever.errors import OtherDataError, UnknownItemError
from retriever.fit import fit
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.base import Recommender
from retriever.recommenders.content import ContentConfig
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.item_knn import ItemKnnConfig
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.popularity import PopularityConfig
from retriever.recommenders.subsets import Mix
from retriever.retrieve import met_items, recommend
from retriever.store import load_model
from tests.conftest import HashEncoder, make_dataset, rating
from tests.contract.recommenders import ATTENTIVE, EMPTY

CONFIGS = {
    "ease": EaseConfig(regularization=10.0),
    "ease, fading": EaseConfig(regularization=10.0, half_life=4.0),
    "ease, most liked only": EaseConfig(regularization=10.0, max_items=30),
    "item_knn": ItemKnnConfig(neighbours=20, half_life=6.0),
    "als": AlsConfig(factors=4),
    "als, fading": AlsConfig(factors=4, half_life=5.0),
    "content": ContentConfig(neighbours=10, half_life=3.0),
    "attentive": ATTENTIVE,
    "popularity": PopularityConfig(),
    "hybrid": HybridConfig(
        parts=(EaseConfig(half_life=4.0), AlsConfig(factors=4), ATTENTIVE, PopularityConfig()),
        weights={"ease": 1.0, "als": 0.3, "attentive": 0.1, "popularity": 0.02},
    ),
}


@pytest.fixture(scope="module", params=CONFIGS)
def fitted(request, dataset):
    return fit(dataset, HashEncoder(), CONFIGS[request.param])


@pytest.fixture
def recommender(fitted):
    return fitted.recommender


def mixed_history(dataset, length: int) -> History:
    """Likes, dislikes, neutral ratings, one item twice, one item that nobody knows."""
    rows = [rating("m", dataset.items[(7 * n) % 40].id, 1.0 + n % 5, n + 1) for n in range(length - 3)]
    strangers = [rating("m", "no such item", 5.0, 4), rating("m", dataset.items[7].id, 5.0, length, "like")]
    return History.of("m", [*rows, *strangers, rating("m", dataset.items[7].id, 4.0, length + 1)])


def without(keep, place: int):
    return keep & (np.arange(len(keep)) != place)


def part_of(history: History, keep) -> History:
    return history.without({b.id for b, kept in zip(history.behaviours, keep, strict=True) if not kept})


class TestContract:
    """What everything that calls itself a recommender must do."""

    def test_is_a_recommender(self, recommender):
        assert isinstance(recommender, Recommender)

    def test_scores_have_the_promised_shape_and_type(self, recommender, dataset):
        histories = list(dataset.histories.values())[:7]
        scores = recommender.scores(histories)
        assert scores.shape == (7, len(dataset.items))
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()

    def test_a_batch_equals_one_by_one(self, recommender, dataset):
        histories = [*list(dataset.histories.values())[:9], EMPTY]
        batch = recommender.scores(histories)
        assert all(np.array_equal(batch[n], recommender.scores([h])[0]) for n, h in enumerate(histories))

    def test_is_deterministic_and_forgets_the_user(self, recommender, dataset):
        history = next(iter(dataset.histories.values()))
        same = History("somebody else", history.behaviours)
        assert np.array_equal(recommender.scores([history]), recommender.scores([same]))

    def test_no_histories_and_empty_histories(self, recommender, dataset):
        assert recommender.scores([]).shape == (0, len(dataset.items))
        assert recommender.contributions(EMPTY, dataset.items[0].id).shape == (0,)

    def test_contributions_are_leave_one_out(self, recommender, dataset):
        history = list(dataset.histories.values())[4]
        for item in dataset.items[:10]:
            column = recommender.catalogue.position(item.id)
            whole = recommender.scores([history])[0, column]
            lacking = recommender.scores([history.without({b.id}) for b in history.behaviours])[:, column]
            assert recommender.contributions(history, item.id) == pytest.approx(whole - lacking, abs=1e-5)

    def test_a_behaviour_on_an_unknown_item_counts_for_nothing(self, recommender, dataset):
        history = next(iter(dataset.histories.values()))
        stranger = rating(history.user, "no such item", 5.0)
        more = History.of(history.user, [*history.behaviours, stranger])
        assert np.array_equal(recommender.scores([history]), recommender.scores([more]))
        position = [b.id for b in more.behaviours].index(stranger.id)
        assert recommender.contributions(more, dataset.items[0].id)[position] == 0

    def test_subsets_are_what_scoring_the_parts_gives(self, recommender, dataset):
        history = mixed_history(dataset, 23)
        columns, mixes = [3, 40, 41], [Mix.one(3), Mix.mean(np.array([40, 41])), Mix.mean(np.array([], dtype=int))]
        subsets = recommender.subsets(history, mixes)
        keep = np.random.default_rng(1).random((30, len(history))) < np.linspace(0, 1, 30)[:, np.newaxis]
        scores = recommender.scores([part_of(history, row) for row in keep])[:, columns]
        expected = np.stack([scores[:, 0], scores[:, 1:].mean(axis=1), np.zeros(30)], axis=1)
        assert subsets.scores(keep) == pytest.approx(expected, abs=1e-5)
        assert subsets.scores(np.zeros((0, len(history)), dtype=bool)).shape == (0, 3)
        for row in keep[::7]:
            expected = [
                subsets.scores(row[np.newaxis])[0] - subsets.scores(without(row, n)[np.newaxis])[0]
                for n in range(len(row))
            ]
            assert subsets.falls(row) == pytest.approx(np.array(expected), abs=1e-9)

    def test_the_first_of_some_mixes_are_what_they_were_among_all(self, recommender, dataset):
        history = mixed_history(dataset, 23)
        subsets = recommender.subsets(history, [Mix.one(3), Mix.mean(np.array([3, 41])), Mix.one(40)])
        keep = np.random.default_rng(1).random((30, len(history))) < np.linspace(0, 1, 30)[:, np.newaxis]
        for n_mixes in (0, 1, 2, 3):
            first = subsets.first(n_mixes)
            assert (first.n_behaviours, first.n_mixes) == (len(history), n_mixes)
            assert first.scores(keep) == pytest.approx(subsets.scores(keep)[:, :n_mixes], abs=1e-12)
            assert first.falls(keep[9]) == pytest.approx(subsets.falls(keep[9])[:, :n_mixes], abs=1e-12)
            assert first.gradients(0.5) == pytest.approx(subsets.gradients(0.5)[:, :n_mixes], abs=1e-12)
            assert first.base() == pytest.approx(subsets.base()[:n_mixes], abs=1e-12)

    def test_thinning_loses_one_after_another(self, recommender, dataset):
        history = mixed_history(dataset, 17)
        subsets = recommender.subsets(history, [Mix.one(5), Mix.mean(np.arange(10, 20))])
        thinning = subsets.thinning()
        order = np.random.default_rng(2).permutation(len(history)).tolist()
        for step, places in enumerate([*([place] for place in order[:9]), order[9:12], order[12:]]):
            if step == 5:
                thinning.narrow(1)
                subsets = subsets.first(1)
            assert thinning.scores == pytest.approx(subsets.scores(thinning.keep[np.newaxis])[0], abs=1e-7)
            exact = subsets.falls(thinning.keep)
            # To the first order where behaviours of a factorisation fade; exact everywhere else.
            assert thinning.estimates() == pytest.approx(exact, abs=1e-7 + 0.05 * np.abs(exact).max())
            thinning.drop(places)
        assert thinning.scores == pytest.approx(subsets.base(), abs=1e-7)

    def test_gradients_lead_from_nothing_to_the_whole(self, recommender, dataset):
        """The fundamental theorem of calculus along the diagonal: what integrated gradients rest on."""
        history = mixed_history(dataset, 17)
        subsets = recommender.subsets(history, [Mix.one(5)])
        nodes, weights = np.polynomial.legendre.leggauss(60)
        rise = sum(w / 2 * subsets.gradients((1 + n) / 2).sum() for n, w in zip(nodes, weights, strict=True))
        whole, base = subsets.whole()[0], subsets.base()[0]
        assert rise == pytest.approx(whole - base, abs=max(1e-4, 0.02 * abs(whole - base)))

    def test_subsets_of_nothing(self, recommender):
        subsets = recommender.subsets(EMPTY, [Mix.one(5)])
        assert subsets.whole() == subsets.base() == pytest.approx(recommender.scores([EMPTY])[0, 5], abs=1e-6)
        assert subsets.falls(np.zeros(0, dtype=bool)).shape == subsets.gradients(1.0).shape == (0, 1)
        assert subsets.thinning().estimates().shape == (0, 1)

    def test_an_unknown_item_is_an_error_that_says_so(self, recommender):
        with pytest.raises(UnknownItemError, match="no such item"):
            recommender.contributions(EMPTY, "no such item")

    def test_ten_thousand_behaviours(self, recommender, dataset):
        behaviours = [rating("glutton", dataset.items[n % 60].id, 5.0, n + 1) for n in range(10_000)]
        history = History.of("glutton", behaviours)
        assert np.isfinite(recommender.scores([history])).all()
        assert len(recommender.contributions(history, "i5")) == 10_000

    def test_an_old_and_a_long_history_are_left_out_of_exactly(self, recommender, dataset):
        behaviours = [rating("u", dataset.items[n % 40].id, 1.0 + n % 5, n + 1) for n in range(60)]
        history = History.of("u", behaviours)
        lacking = recommender.scores([history.without({b.id}) for b in history.behaviours])[:, 50]
        whole = recommender.scores([history])[0, 50]
        assert recommender.contributions(history, "i50") == pytest.approx(whole - lacking, abs=1e-4)

    def test_is_the_same_after_saving_and_loading(self, fitted, dataset, tmp_path):
        fitted.save(tmp_path)
        loaded = load_model(tmp_path, dataset.content_hash)
        histories = [*dataset.histories.values(), EMPTY]
        assert np.array_equal(loaded.recommender.scores(histories), fitted.recommender.scores(histories))
        assert loaded.recommender.config == fitted.recommender.config
        assert loaded.version == fitted.version

    def test_refuses_to_load_for_other_data(self, fitted, tmp_path):
        fitted.save(tmp_path)
        with pytest.raises(OtherDataError, match="explainer fit"):
            load_model(tmp_path, make_dataset(seed=4).content_hash)

    def test_all_equal_histories_and_values_are_no_trouble(self, recommender, dataset):
        history = History.of("u", [rating("u", "i3", 3.0, 5, kind="rating")] * 2)
        assert np.isfinite(recommender.scores([history])).all()
        assert len(recommend(recommender, history, 5)) == 5


@settings(max_examples=15, deadline=None)
@given(user=st.integers(0, 119), gone=st.sets(st.integers(0, 14)), later=st.sets(st.integers(0, 14)))
def test_what_is_set_aside_moves_no_score_and_never_comes_back(fitted, dataset, user, gone, later):
    """In one go or in two, and also when some of the rest never happened."""
    recommender, history = fitted.recommender, list(dataset.histories.values())[user]
    ids = [behaviour.id for behaviour in history.behaviours]
    first, second = {ids[n] for n in gone}, {ids[n] for n in later}
    aside = history.set_aside(first).set_aside(second)
    assert aside == history.set_aside(first | second)
    np.testing.assert_array_equal(recommender.scores([aside]), recommender.scores([history.without(first | second)]))
    assert aside.items() == history.items()
    np.testing.assert_array_equal(met_items(recommender, aside), met_items(recommender, history))
    shown = {r.item.id for r in recommend(recommender, aside, len(dataset.items))}
    assert not shown & history.items()
    less = history.set_aside(first).without(second)
    assert less.also_met == history.set_aside(first).also_met, "what never happened leaves what is set aside alone"
    shown = {r.item.id for r in recommend(recommender, less, len(dataset.items))}
    assert not shown & {b.item for b in history.behaviours if b.id in first}
