"""Seeded Gumbel sampling: a row depends on its own seed alone, and draws from the softmax."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explainer.writing.engines.base import seed_of
from explainer.writing.engines.sampler import SeededGumbel


@given(st.lists(st.integers(0, 2**31), min_size=1, max_size=6), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_a_row_does_not_depend_on_its_neighbours(seeds, noise):
    scores = torch.randn(len(seeds), 50, generator=torch.Generator().manual_seed(noise))
    together = SeededGumbel(seeds, 0.7, 20)
    alone = [SeededGumbel([seed], 0.7, 20) for seed in seeds]
    for _ in range(3):
        batch = together(torch.empty(0), scores).argmax(-1)
        single = [int(s(torch.empty(0), scores[n : n + 1]).argmax(-1)) for n, s in enumerate(alone)]
        assert batch.tolist() == single


def test_draws_follow_the_softmax():
    scores = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    sampler = SeededGumbel([1], 1.0, 4)
    drawn = torch.stack([sampler(torch.empty(0), scores).argmax(-1) for _ in range(4000)])
    shares = torch.bincount(drawn.flatten(), minlength=4) / 4000
    assert torch.allclose(shares, scores.exp()[0], atol=0.03)


def test_only_the_top_k_are_drawn():
    scores = torch.zeros(1, 100)
    scores[0, :3] = 1.0
    sampler = SeededGumbel([5], 5.0, 3)
    assert {int(sampler(torch.empty(0), scores).argmax(-1)) for _ in range(200)} == {0, 1, 2}


def test_zero_temperature_is_greedy():
    scores = torch.randn(2, 10)
    assert torch.equal(SeededGumbel([1, 2], 0, 5)(torch.empty(0), scores), scores)


def test_seeds_differ_by_prompt_and_try():
    assert len({seed_of("a", 0), seed_of("a", 1), seed_of("b", 0)}) == 3
    assert seed_of("a", 0) == seed_of("a", 0) >= 0
