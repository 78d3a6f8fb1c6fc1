"""Systems near each other are solved together as each would be by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retriever.recommenders.downdating import System
from retriever.recommenders.near_systems import solve_near


def parts_of(rng, n_systems: int, n_behaviours: int, factors: int, *, ridge: float, alpha: float):
    """Return a system, and weights and c of random parts of its behaviours that fade."""
    items = rng.normal(size=(200, factors)) * rng.random((200, 1))
    gram = items.T @ items + ridge * np.eye(factors)
    weights = alpha * rng.choice([-0.25, 0.0, 0.5, 1.0], size=n_behaviours)
    keep = rng.random((n_systems, n_behaviours)) < rng.random((n_systems, 1))
    faded = np.abs(weights) * keep * 0.97 ** np.cumsum(keep[:, ::-1], axis=1)[:, ::-1]
    system = System(gram, items[rng.integers(0, 200, n_behaviours)], weights)
    return system, faded, (weights > 0) * (faded + keep)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(0, 40), st.integers(0, 60), st.integers(1, 24)),
    ridge=st.sampled_from([1e-3, 1.0, 50.0]),
    alpha=st.sampled_from([0.1, 1.0, 40.0, 1e6]),
)
def test_parts_of_a_history_are_solved_as_each_by_itself(seed, shape, ridge, alpha):
    system, weights, said = parts_of(np.random.default_rng(seed), *shape, ridge=ridge, alpha=alpha)
    solved = system.solutions(weights, said)
    assert solved.shape == (len(weights), len(system.gram))
    for row, c, found in zip(weights, said, solved, strict=True):
        left = System(system.gram, system.vectors, row).left()
        expected = np.linalg.solve(left, c @ system.vectors)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * max(1.0, float(np.abs(expected).max())))


def test_near_systems_take_a_few_steps():
    system, weights, said = parts_of(np.random.default_rng(0), 100, 40, 16, ridge=5.0, alpha=0.3)
    asked = 0

    def left(rows):
        nonlocal asked
        asked += 1
        return rows @ system.gram + (rows @ system.vectors.T * weights) @ system.vectors

    midst = System(system.gram, system.vectors, weights.mean(axis=0)).inverse()
    _, done = solve_near(left, midst, said @ system.vectors)
    assert done.all()
    assert asked < 10


def test_what_lies_too_far_from_the_midst_is_said_to_be_unsolved():
    """One step after the other cannot reach it; whoever asked has to solve it by itself."""
    spread = np.diag(10.0 ** np.linspace(0, 14, 40))
    _, done = solve_near(lambda rows: rows @ spread, np.eye(40), np.ones((1, 40)))
    assert not done.any()


def test_a_history_that_says_nothing_is_solved_by_zeros():
    gram = np.eye(3)
    solved, done = solve_near(lambda rows: rows @ gram, gram, np.zeros((2, 3)))
    assert done.all()
    assert not solved.any()
