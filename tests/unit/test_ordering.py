"""The head of a row of scores is what sorting all of it would put first, ties and all."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explainer.attribution.rivals import best_others
from retriever.ordering import leading
from retriever.recommenders.scored_once import scored_once
from retriever.retrieve import met_items, recommend


def sorted_whole(scores, k):
    candidates = np.flatnonzero(scores > -np.inf)
    return candidates[np.argsort(-scores[candidates], kind="stable")][:k]


@given(st.integers(0, 3000), st.integers(0, 60), st.integers(1, 50), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_the_head_is_that_of_the_whole_in_order(size, k, grades, gone, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-grades, grades, size).astype(np.float32)  # few different ones: many ties
    scores[rng.random(size) < gone] = -np.inf
    assert leading(scores, k).tolist() == sorted_whole(scores, k).tolist()


def test_a_list_asked_for_in_pieces_is_one_list(model, dataset):
    catalogue = model.recommender.catalogue
    for history in list(dataset.histories.values())[:5]:
        once, bare = scored_once(model.recommender), model.recommender
        scores = bare.scores([history])[0]
        scores[met_items(bare, history)] = -np.inf
        whole = sorted_whole(scores, len(catalogue))
        for k in (3, 1, 50, len(catalogue)):
            expected = [catalogue.items[at].id for at in whole[:k]]
            assert [one.item.id for one in recommend(once, history, k)] == expected
            assert [one.item.id for one in recommend(bare, history, k)] == expected
        for column in (int(whole[0]), int(whole[-1])):
            beside = whole[whole != column][:20].tolist()
            assert best_others(once, history, column, 20).tolist() == beside
            assert best_others(bare, history, column, 20).tolist() == beside


def test_another_entry_of_the_same_work_is_met_too(model, dataset):
    catalogue = model.recommender.catalogue
    for history in list(dataset.histories.values())[:20]:
        works = {catalogue.works[catalogue.position(item)] for item in history.items() if item in catalogue}
        assert met_items(model.recommender, history).tolist() == [work in works for work in catalogue.works]
