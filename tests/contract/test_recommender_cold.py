"""What an extended model says of items that it was not fitted on."""

from __future__ import annotations

import numpy as np
import pytest

from retriever.data import History, Item
from retriever.encoder import item_text
from retriever.retrieve import recommend
from tests.conftest import HashEncoder, rating


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
