"""Splits and validation: nothing is on both sides, nothing held out is older than what it is asked from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retriever.data import Dataset, Item
from retriever.data.splits import SplitConfig, SplitMethod, split
from retriever.errors import DataError
from retriever.recommenders.base import Training
from retriever.validation import hold_back
from tests.conftest import HashEncoder, make_dataset, rating


@st.composite
def datasets(draw):
    """A few people, some with one behaviour, many at the same second."""
    items = tuple(Item(f"i{n}", f"Film {n}") for n in range(8))
    sizes = draw(st.lists(st.integers(1, 8), min_size=2, max_size=6))
    behaviours = []
    for user, size in enumerate(sizes):
        times = [draw(st.integers(1, 6)) for _ in range(size)]
        behaviours += [rating(f"u{user}", f"i{n}", 5.0, time) for n, time in enumerate(times)]
    return Dataset("drawn", "video", items, tuple(behaviours))


@given(data=datasets(), method=st.sampled_from(SplitMethod), share=st.floats(0.05, 0.9), seed=st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_no_behaviour_is_on_both_sides_and_none_is_lost_unsaid(data, method, share, seed):
    try:
        cut = split(data, SplitConfig(method=method, share=share, seed=seed))
    except DataError:
        return  # nobody on both sides: said, not hidden
    train = {b.id for b in cut.train.behaviours}
    held = {b.id for of in cut.held_out.values() for b in of}
    assert not train & held
    assert train | held <= {b.id for b in data.behaviours}
    assert all(user in cut.train.histories for user in cut.held_out)
    if method is not SplitMethod.TIME:
        assert len(train) + len(held) == len(data.behaviours)


@given(data=datasets(), share=st.floats(0.05, 0.9))
@settings(max_examples=100, deadline=None)
def test_leave_last_never_asks_about_the_past(data, share):
    try:
        cut = split(data, SplitConfig(share=share))
    except DataError:
        return
    for user, held in cut.held_out.items():
        assert max(b.time for b in cut.train.histories[user].behaviours) <= min(b.time for b in held)


@given(data=datasets(), share=st.floats(0.05, 0.9))
@settings(max_examples=100, deadline=None)
def test_the_time_split_has_one_moment_for_everybody(data, share):
    try:
        cut = split(data, SplitConfig(method=SplitMethod.TIME, share=share))
    except DataError:
        return
    first = min(b.time for of in cut.held_out.values() for b in of)
    assert all(b.time < first for b in cut.train.behaviours)


def test_a_recommender_fitted_on_the_train_side_knows_nothing_of_the_other():
    """The leak test: whatever is held out, the fitted matrix is the same."""
    from retriever.recommenders.ease import EaseConfig, EaseRecommender

    data = make_dataset()
    cut = split(data, SplitConfig())
    turned = {b.id: replace(b, value=6.0 - b.value) for of in cut.held_out.values() for b in of}
    other = replace(data, behaviours=tuple(turned.get(b.id, b) for b in data.behaviours))
    vectors = HashEncoder().encode([i.title for i in data.items])
    one, two = (
        EaseRecommender.fit(Training(split(d, SplitConfig()).train, vectors), EaseConfig()) for d in (data, other)
    )
    assert np.array_equal(one.matrix, two.matrix)


def test_bad_settings_and_hopeless_data_are_clear_errors():
    data = make_dataset()
    with pytest.raises(DataError, match="between 0 and 1"):
        split(data, SplitConfig(share=1.0))
    timeless = replace(data, behaviours=tuple(replace(b, time=None) for b in data.behaviours))
    with pytest.raises(DataError, match="leave-last"):
        split(timeless, SplitConfig(method=SplitMethod.TIME))
    alone = replace(data, behaviours=data.behaviours[:1])
    with pytest.raises(DataError, match="no user"):
        split(alone, SplitConfig())
    with pytest.raises(DataError):
        split(replace(data, behaviours=()), SplitConfig(method=SplitMethod.TIME))


def test_validation_keeps_back_the_last_of_some_and_all_of_the_rest():
    data = make_dataset()
    training = Training(data, HashEncoder().encode([i.title for i in data.items]))
    validation = hold_back(training)
    kept = {b.id for b in validation.train.dataset.behaviours}
    held = {b.id for of in validation.held_out for b in of}
    assert not kept & held
    assert kept | held == {b.id for b in data.behaviours}
    assert 0 < len(validation.histories) <= len(training.histories) / 2
    for history, of in zip(validation.histories, validation.held_out, strict=True):
        assert (*history.behaviours, *of) == data.histories[history.user].behaviours
    assert not validation.met.multiply(validation.relevant).nnz
    again = hold_back(Training(data, training.embeddings))
    assert [h.user for h in again.histories] == [h.user for h in validation.histories]
