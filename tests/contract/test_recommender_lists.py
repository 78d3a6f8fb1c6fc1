"""What is recommended: best first, never what was met, and something to those of whom nothing is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from retriever.data import History
from retriever.fit import fit
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.popularity import PopularityConfig
from retriever.retrieve import met_items, rank_of, recommend
from tests.conftest import SMALL_HYBRID, HashEncoder, make_dataset, rating
from tests.contract.recommenders import ATTENTIVE, EMPTY


def test_met_items_are_not_recommended_nor_their_doubles(model, dataset):
    for history in list(dataset.histories.values())[:20]:
        found = recommend(model.recommender, history, 60)
        assert not {r.item.id for r in found} & history.items()
        assert [r.rank for r in found] == list(range(1, len(found) + 1))
        assert [r.score for r in found] == sorted((r.score for r in found), reverse=True)


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


def test_all_equal_scores_leave_the_catalogue_order(dataset):
    recommender = fit(replace(dataset, behaviours=()), HashEncoder(), PopularityConfig()).recommender
    assert [r.item.id for r in recommend(recommender, EMPTY, 3)] == ["i0", "i1", "i2"]
