"""Counterfactuals are real, minimal, and honest where there are none."""

from __future__ import annotations

from itertools import combinations

import pytest

from explainer.attribution.counterfactual import CounterfactualSearch
from explainer.attribution.deletion_test import DeletionTest
from retriever.data import History
from retriever.fit import fit
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.ease import EaseConfig
from retriever.retrieve import rank_of, recommend
from tests.conftest import HashEncoder, rating


@pytest.fixture(scope="module", params=["als", "fading", "hybrid"])
def recommender(request, dataset, model):
    if request.param == "hybrid":
        return model.recommender
    config = {"als": AlsConfig(factors=6, alpha=3.0), "fading": EaseConfig(regularization=10.0, half_life=4.0)}
    return fit(dataset, HashEncoder(), config[request.param]).recommender


def leaves(recommender, history, item, places, k) -> bool:
    gone = {history.behaviours[place].id for place in places}
    return rank_of(recommender, history.set_aside(gone), item)[0] > k


def test_what_is_found_is_confirmed_minimal_and_the_smallest(recommender, dataset):
    found_some = 0
    for history in list(dataset.histories.values())[:12]:
        for target in recommend(recommender, history, 3)[::2]:
            item = target.item.id
            found = CounterfactualSearch(max_size=3).find(recommender, history, item, 3)
            smaller = range(1, (len(found.places) if found.places else 4))
            for size in smaller:
                for places in combinations(range(len(history)), size):
                    assert not leaves(recommender, history, item, places, 3)
            if found.places is not None:
                found_some += 1
                assert leaves(recommender, history, item, found.places, 3)
                assert found.new_rank > 3 >= found.rank
                before = {r.item.id for r in recommend(recommender, history, 3)}
                assert found.replacement.item.id not in before | set(history.items())
                assert found.replacement.rank <= 3
    assert found_some >= 3


def test_none_is_said_when_there_is_none(recommender, dataset):
    history = next(iter(dataset.histories.values()))
    item = recommend(recommender, history, 1)[0].item.id
    found = CounterfactualSearch(max_size=1).find(recommender, history, item, 60)
    assert (found.places, found.new_rank, found.replacement) == (None, None, None)
    assert found.max_size == 1


@pytest.mark.parametrize("length", [0, 1])
def test_the_shortest_histories(recommender, length):
    history = History("u", (rating("u", "i3", 5.0),)[:length])
    item = recommend(recommender, history, 1)[0].item.id
    found = CounterfactualSearch().find(recommender, history, item, 1)
    assert found.places in {None, (0,)}


def test_what_is_not_in_the_list_has_none(recommender, dataset):
    history = next(iter(dataset.histories.values()))
    item = recommend(recommender, history, 9)[-1].item.id
    assert CounterfactualSearch().find(recommender, history, item, 3).places is None


def test_many_behaviours_are_searched_by_the_most_promising(recommender, dataset):
    history = History.of("u", [rating("u", f"i{n % 40}", 5.0, n + 1) for n in range(200)])
    item = recommend(recommender, history, 1)[0].item.id
    found = CounterfactualSearch(sets=50).find(recommender, history, item, 1)
    assert found.places is None or leaves(recommender, history, item, found.places, 1)
    assert not found.exhaustive or len(found.places) == 1


class TestDeletion:
    def test_the_strongest_pass_and_the_weakest_do_not(self, recommender, dataset):
        history = max(dataset.histories.values(), key=len)
        target = recommend(recommender, history, 1)[0].item.id
        order = sorted(range(len(history)), key=lambda n: -recommender.contributions(history, target)[n])
        strong = DeletionTest().judge(recommender, history, target, order[:2])
        weak = DeletionTest().judge(recommender, history, target, order[-2:])
        assert strong.causal
        assert strong.fall > strong.usual_fall
        assert not weak.causal
        assert weak.as_strong > strong.as_strong

    def test_nothing_cited_is_no_cause(self, recommender, dataset):
        history = next(iter(dataset.histories.values()))
        assert not DeletionTest().judge(recommender, history, "i7", []).causal

    def test_the_only_behaviour_is_the_cause_if_it_lifts_the_item(self, recommender):
        history = History("u", (rating("u", "i3", 5.0),))
        for target in recommend(recommender, history, 2):
            verdict = DeletionTest().judge(recommender, history, target.item.id, [0])
            assert verdict.sets == 0
            assert verdict.causal == (verdict.fall > 0)

    def test_the_same_question_gets_the_same_answer(self, recommender, dataset):
        history = max(dataset.histories.values(), key=len)
        first, second = (DeletionTest(sets=20).judge(recommender, history, "i7", [1, 2, 3]) for _ in range(2))
        assert first == second
