"""Measures of variety: by hand on small texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.tuning.evaluation.measures import distinct, largest_share, quantile, shape, words


def test_words_are_counted_with_slots_and_without_signs():
    assert words("You gave {b1} {b1.value}, a children's sci-fi!") == [
        "you", "gave", "{b1}", "{b1.value}", "a", "children's", "sci-fi",
    ]  # fmt: skip


def test_distinct_counts_runs_within_texts_only():
    assert distinct(["a b", "a b"], 1) == 0.5
    assert distinct(["a b", "a b"], 2) == 0.5
    assert distinct(["a b c", "c a"], 2) == 1.0
    assert distinct(["a"], 2) == 0.0


def test_shapes_forget_aspects_and_slot_numbers():
    first = shape("{item} has the noir of {b1}.", ("noir",))
    assert first == shape("{item} has the comedies of {b2}.", ("comedy",))
    assert first != shape("{item} has the noir of {b1} too.", ("noir",))


def test_the_commonest_share():
    assert largest_share(["a", "b", "a", "c"]) == 0.5
    assert largest_share([]) == 0.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_one_of_the_values_with_so_many_below(values, share):
    found = quantile(values, share)
    assert found in values
    assert sum(v <= found for v in values) >= share * len(values)


@pytest.mark.parametrize("n", [1, 2, 3])
@given(texts=st.lists(st.text(alphabet="ab ", min_size=1, max_size=30), min_size=1, max_size=9))
def test_distinct_is_a_share(n, texts):
    assert 0.0 <= distinct(texts, n) <= 1.0
