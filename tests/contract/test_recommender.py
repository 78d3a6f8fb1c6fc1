"""The contract that every recommender passes, and the mathematics behind each."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from retriever.data import BehaviourKind, History, Item
from retriever.encoder import item_text
from retriever.errors import DataError, ModelFileError, OtherDataError, SettingsError, UnknownItemError
from retriever.fit import fit
from retriever.index import ExactIndex
from retriever.recommenders.als import AlsConfig, AlsRecommender
from retriever.recommenders.attentive import AttentiveConfig
from retriever.recommenders.base import Recommender, Training
from retriever.recommenders.blend import learn_weights
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.content import ContentConfig
from retriever.recommenders.ease import EaseConfig, ease_matrix
from retriever.recommenders.factory import config_from, config_named, default_configs
from retriever.recommenders.item_knn import ItemKnnConfig
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.popularity import PopularityConfig
from retriever.recommenders.subsets import Mix
from retriever.recommenders.weighting import Recency, behaviour_weight, weigh
from retriever.retrieve import met_items, rank_of, recommend
from retriever.store import load_model
from retriever.training_config import TrainingConfig
from retriever.validation import hold_back
from tests.conftest import SMALL_HYBRID, HashEncoder, make_dataset, rating

ATTENTIVE = AttentiveConfig(dimensions=8, history_length=10, training=TrainingConfig(epochs=2))
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
EMPTY = History("nobody")


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

    def test_thinning_loses_one_after_another(self, recommender, dataset):
        history = mixed_history(dataset, 17)
        subsets = recommender.subsets(history, [Mix.one(5), Mix.mean(np.arange(10, 20))])
        thinning = subsets.thinning()
        order = np.random.default_rng(2).permutation(len(history)).tolist()
        for places in [*([place] for place in order[:9]), order[9:12], order[12:]]:
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


def test_met_items_are_not_recommended_nor_their_doubles(model, dataset):
    for history in list(dataset.histories.values())[:20]:
        found = recommend(model.recommender, history, 60)
        assert not {r.item.id for r in found} & history.items()
        assert [r.rank for r in found] == list(range(1, len(found) + 1))
        assert [r.score for r in found] == sorted((r.score for r in found), reverse=True)


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


def test_items_that_are_only_met_may_be_unknown_to_the_recommender(model):
    history = History("u", (), frozenset({"i3", "never fitted"}))
    assert np.flatnonzero(met_items(model.recommender, history)).tolist() == [3]
    assert rank_of(model.recommender, history, "i5")[0] <= 59


def test_by_popularity_alone_is_what_a_popularity_recommender_fitted_on_the_same_says(dataset):
    for config in (SMALL_HYBRID, ATTENTIVE, EaseConfig(regularization=10.0)):
        model = fit(dataset, HashEncoder(), config)
        fitted = fit(dataset, HashEncoder(), PopularityConfig()).recommender
        own = model.by_popularity()
        assert own.name == "popularity"
        np.testing.assert_array_equal(own.scores([EMPTY]), fitted.scores([EMPTY]))


def test_rank_of_agrees_with_the_list(model, dataset):
    history = list(dataset.histories.values())[2]
    for r in recommend(model.recommender, history, 5):
        assert rank_of(model.recommender, history, r.item.id) == (r.rank, pytest.approx(r.score))


def test_another_entry_of_the_same_work_counts_as_met():
    data = make_dataset()
    twin = replace(data.items[20], id="twin")
    doubled = replace(data, items=(*data.items, twin))
    recommender = fit(doubled, HashEncoder(), SMALL_HYBRID).recommender
    history = History("u", (rating("u", "i20", 5.0),))
    assert met_items(recommender, history)[recommender.catalogue.position("twin")]


def test_a_cold_start_gets_the_most_liked(model):
    found = recommend(model.recommender, EMPTY, 5)
    likes = [model.counts.popularity(r.item.id)[0] for r in found]
    assert likes == sorted(likes, reverse=True)
    assert likes[0] == model.counts.likes.max()


def test_saved_counts_count_as_before(model, tmp_path):
    model.save(tmp_path)
    assert load_model(tmp_path).counts.together("i3", "i4") == model.counts.together("i3", "i4")


def test_no_model_and_a_damaged_model_are_clear_errors(model, tmp_path):
    with pytest.raises(ModelFileError, match="explainer fit"):
        load_model(tmp_path)
    folder = model.save(tmp_path)
    whole = (folder / "recommender.npz").read_bytes()
    for damaged in (b"", b"not an archive", whole[: len(whole) // 2]):
        (folder / "recommender.npz").write_bytes(damaged)
        with pytest.raises(ModelFileError, match="damaged"):
            load_model(tmp_path)


class TestColdItems:
    """Items that came after the fit: content alone speaks for them, and says so."""

    NEW = Item("new", "Film Number 33 Returns", ("noir", "war"), 1999)

    @pytest.fixture
    def extended(self, model):
        return model.extended((self.NEW,), HashEncoder().encode([item_text(self.NEW)]))

    def test_the_old_items_score_as_before(self, model, extended, dataset):
        histories = list(dataset.histories.values())[:20]
        new = extended.recommender.scores(histories)
        assert np.array_equal(new[:, :-1], model.recommender.scores(histories))

    def test_the_new_one_is_scored_by_what_it_is_like_and_marked(self, extended, dataset):
        recommender = extended.recommender
        near = np.argsort(-(extended.embeddings[:-1] @ extended.embeddings[-1]))[:2]
        history = History.of("u", [rating("u", dataset.items[at].id, 5.0, n + 1) for n, at in enumerate(near)])
        assert recommender.scores([history])[0, -1] > 0
        assert (recommender.contributions(history, "new") > 0).all()
        found = {r.item.id: r for r in recommend(recommender, history, 100)}
        assert found["new"].cold
        assert not any(r.cold for name, r in found.items() if name != "new")
        assert extended.counts.popularity("new")[0] == 0

    def test_a_history_that_met_it_counts_by_content(self, extended):
        history = History("u", (rating("u", "new", 5.0),))
        assert extended.recommender.scores([history]).max() > 0

    def test_leave_one_out_is_exact_for_it_too(self, extended, dataset):
        history = list(dataset.histories.values())[4]
        lacking = extended.recommender.scores([history.without({b.id}) for b in history.behaviours])[:, -1]
        whole = extended.recommender.scores([history])[0, -1]
        assert extended.recommender.contributions(history, "new") == pytest.approx(whole - lacking, abs=1e-5)


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


def test_all_equal_scores_leave_the_catalogue_order(dataset):
    recommender = fit(replace(dataset, behaviours=()), HashEncoder(), PopularityConfig()).recommender
    assert [r.item.id for r in recommend(recommender, EMPTY, 3)] == ["i0", "i1", "i2"]


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


def test_kinds_and_age_set_how_loudly_a_behaviour_speaks(dataset):
    weights = {kind: behaviour_weight(rating("u", "i1", None, kind=kind), dataset.scale) for kind in BehaviourKind}
    assert weights["view"] < weights["click"] < weights["read"] < weights["purchase"] == weights["like"] == 1
    history = History.of("u", [rating("u", f"i{n}", 5.0, n + 1) for n in range(5)])
    aged = weigh(history, Catalogue(dataset.items), dataset.scale, Recency(half_life=2.0)).weights
    assert aged == pytest.approx([0.25, 2**-1.5, 0.5, 2**-0.5, 1.0])


@pytest.mark.parametrize("text", ["", "{", '{"recommender": "magic"}', '{"recommender": "ease", "lambda": 3}', "[1]"])
def test_settings_that_are_none_are_a_clear_error(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"config\.json holds no settings"):
        config_from(path)


def test_every_recommender_has_a_name_and_a_config_that_survives_json(tmp_path):
    for name, config in default_configs().items():
        path = tmp_path / f"{name}.json"
        path.write_bytes(msgspec.json.encode(config))
        assert config_from(path) == config
    with pytest.raises(SettingsError, match="hybrid"):
        config_named("magic")


@pytest.mark.parametrize("damage", [np.nan, np.inf])
def test_embeddings_that_are_no_numbers_are_refused(dataset, damage):
    rows = HashEncoder().encode([item_text(i) for i in dataset.items])
    rows[7, 3] = damage
    with pytest.raises(DataError, match=r"1 of 60 items are not finite.*'i7'"):
        Training(dataset, rows)
    with pytest.raises(DataError, match="60 items need as many rows"):
        Training(dataset, rows[:9])
