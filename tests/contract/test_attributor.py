"""The contract of attribution: exact, complete, and the closed form equals brute force."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainer.attribution import BatchedLeaveOneOut, LeaveOneOut
from retriever.data import History
from retriever.errors import UnknownItemError
from tests.conftest import rating


class AttributorContract:
    """Subclass with a fixture ``attributor``."""

    def test_one_contribution_per_behaviour_and_they_add_up(self, attributor, model, dataset):
        for history in list(dataset.histories.values())[:5]:
            result = attributor.attribute(model.recommender, history, "i7")
            assert len(result.contributions) == len(history)
            assert result.completeness_gap == pytest.approx(0, abs=1e-4)
            assert result.seconds >= 0
            assert result.method

    def test_an_empty_history_has_only_its_base(self, attributor, model):
        result = attributor.attribute(model.recommender, History("u"), "i7")
        assert result.contributions == ()
        assert result.score == result.base

    def test_an_unknown_item_is_an_error(self, attributor, model):
        with pytest.raises(UnknownItemError):
            attributor.attribute(model.recommender, History("u"), "nope")


class TestClosedForm(AttributorContract):
    @pytest.fixture
    def attributor(self):
        return LeaveOneOut()


class TestBatched(AttributorContract):
    @pytest.fixture
    def attributor(self):
        return BatchedLeaveOneOut()


behaviours = st.lists(
    st.tuples(st.integers(0, 59), st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, None])), min_size=0, max_size=300
)


@given(rows=behaviours, target=st.integers(0, 59))
@settings(max_examples=40, deadline=None)
def test_the_closed_form_equals_brute_force(model, rows, target):
    """Any history: many behaviours on one item, low ratings, likes without a value, more than one batch."""
    history = History.of(
        "u", [rating("u", f"i{i}", v, n + 1, "like" if v is None else "rating") for n, (i, v) in enumerate(rows)]
    )
    fast = LeaveOneOut().attribute(model.recommender, history, f"i{target}")
    slow = BatchedLeaveOneOut().attribute(model.recommender, history, f"i{target}")
    assert fast.contributions == pytest.approx(slow.contributions, abs=1e-4)
