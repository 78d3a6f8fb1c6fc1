"""A recommender that scores each history once says what the recommender says."""

from __future__ import annotations

import numpy as np

from retriever.recommenders.scored_once import scored_once
from retriever.retrieve import recommend


class Counted:
    def __init__(self, recommender):
        self.recommender = recommender
        self.asked = 0

    def scores(self, histories):
        self.asked += len(histories)
        return self.recommender.scores(histories)


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
