"""Ranks, shares of the rest, and names of model, method and writer pass in their phrases only."""

from __future__ import annotations

import pytest

from explainer.writing.gate.standing import misranked
from explainer.writing.gate.tokens import tokenize


@pytest.mark.parametrize(
    "draft",
    [
        "Of {n} films, {model} ranked {item} {rank}.",
        "Model: {model}; rank: {rank} of {n}; method: {method}; remainder: {rest.share}; writer: {writer}.",
        "{method} attributed {b1.share} to {b1}, and {writer} wrote the text.",
        "{b1} carries {b1.share} of rank {rank} for {item}.",
        "{item} ranked {rank}; without {b1} it would rank {cf.rank}.",
    ],
)
def test_true_phrases_of_rank_and_names_pass(draft):
    assert list(misranked(tokenize(draft, []), ["b1"])) == []


@pytest.mark.parametrize(
    ("draft", "slot"),
    [
        ("{b1} ranked {rank}.", "rank"),
        ("{b1} ({b1.share}) is at rank {rank}.", "rank"),
        ("Rank {rank} for {b1}.", "rank"),
        ("Without {b1} it would rank {rank}.", "rank"),
        ("{item} has {n} causes, {rank} in all.", "n"),
        ("{model} wrote the text.", "model"),
        ("{method} ranked {item} {rank}.", "method"),
        ("{writer} attributed {b1.share} to {b1}.", "writer"),
        ("Share of {b1}: {rest.share}.", "rest.share"),
        ("{b1} has {rest.share}; remainder: {b1.share}.", "rest.share"),
    ],
)
def test_a_rank_share_or_name_of_something_else_is_refused(draft, slot):
    assert f"misplaced: {slot}" in [*misranked(tokenize(draft, []), ["b1"])]
