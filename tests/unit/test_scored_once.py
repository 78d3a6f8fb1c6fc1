"""A recommender that scores each history once says what the recommender says."""

from __future__ import annotations

import numpy as np
import pytest

from retriever.recommenders.scored_once import scored_once
from retriever.recommenders.subsets import Mix
from retriever.retrieve import recommend


class Counted:
    def __init__(self, recommender):
        self.recommender = recommender
        self.asked = self.looked = 0

    def scores(self, histories):
        self.asked += len(histories)
        return self.recommender.scores(histories)

    def subsets(self, history, mixes):
        self.looked += 1
        return self.recommender.subsets(history, mixes)


def test_each_history_is_scored_once_whoever_has_it(model, dataset):
    counted = Counted(model.recommender)
    once = scored_once(counted)
    first, second = list(dataset.histories.values())[:2]
    shorter = first.without({first.behaviours[0].id})
    expected = model.recommender.scores([first, second, shorter])
    for _ in range(2):
        assert np.array_equal(once.scores([first, second, shorter]), expected)
        assert np.array_equal(once.scores([shorter])[0], expected[2])
    assert counted.asked == 3


def test_what_a_caller_does_to_the_scores_is_its_own_affair(model, dataset):
    once = scored_once(model.recommender)
    history = next(iter(dataset.histories.values()))
    once.scores([history])[:] = -np.inf
    assert np.array_equal(once.scores([history]), model.recommender.scores([history]))


def test_all_else_is_the_recommender_s(model, dataset):
    once = scored_once(model.recommender)
    history = next(iter(dataset.histories.values()))
    assert once.name == model.recommender.name
    assert once.scores([]).shape == (0, len(model.recommender.catalogue))
    assert recommend(once, history, 5) == recommend(model.recommender, history, 5)


ONE, OTHERS = Mix.one(5), Mix.mean(np.arange(10, 30))


def test_parts_of_a_history_are_looked_at_once_for_all_that_begins_alike(model, dataset):
    counted = Counted(model.recommender)
    once, history = scored_once(counted), list(dataset.histories.values())[4]
    keep = np.random.default_rng(1).random((20, len(history))) < 0.7
    for mixes in ([ONE, OTHERS], [ONE], [ONE, OTHERS]):
        told, expected = once.subsets(history, mixes), model.recommender.subsets(history, mixes)
        assert (told.n_behaviours, told.n_mixes) == (len(history), len(mixes))
        assert told.scores(keep) == pytest.approx(expected.scores(keep), abs=1e-6)
        assert told.falls(keep[0]) == pytest.approx(expected.falls(keep[0]), abs=1e-6)
        assert told.gradients(0.5) == pytest.approx(expected.gradients(0.5), abs=1e-6)
        assert told.whole() == pytest.approx(expected.whole(), abs=1e-6)
        assert told.thinning().estimates() == pytest.approx(expected.thinning().estimates(), abs=1e-6)
    assert counted.looked == 1


@pytest.mark.parametrize("mixes", [[OTHERS], [Mix.one(6)], [Mix(ONE.columns, 2 * ONE.weights)], [ONE, OTHERS, ONE]])
def test_what_was_not_asked_about_is_looked_at_anew(model, dataset, mixes):
    counted = Counted(model.recommender)
    once, history = scored_once(counted), list(dataset.histories.values())[4]
    once.subsets(history, [ONE, OTHERS])
    expected = model.recommender.subsets(history, mixes).whole()
    assert once.subsets(history, mixes).whole() == pytest.approx(expected, abs=1e-9)
    assert counted.looked == 2
    shorter = history.without({history.behaviours[0].id})
    assert once.subsets(shorter, mixes).n_behaviours == len(history) - 1
