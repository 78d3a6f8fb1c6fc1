"""Many symmetric positive systems that differ little, solved together.

Conjugate gradients (Hestenes and Stiefel 1952), all systems in step, with the inverse of one that is near them all as
the preconditioner: the nearer they are to it, the fewer steps it takes (Saad 2003, chapter 9). Parts of one history are
near each other, and three to five steps solve them to the last digits; no system is ever written out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retriever.recommenders.subsets import Doubles, Keep

_RESIDUAL = 1e-13
_STEPS = 16


def solve_near(left: Callable[[Doubles], Doubles], inverse: Doubles, right: Doubles) -> tuple[Doubles, Keep]:
    """Return solutions, float64 [n_systems, size], and which of them are right, bool [n_systems].

    Those that are not are too far from the one in their midst, and have to be solved by themselves.

    Args:
        left: Multiplies each system's left side by its row of float64 [n_systems, size].
        inverse: float64 [size, size], of a symmetric positive system that is near them all.
        right: float64 [n_systems, size], the right sides.
    """
    solved = right @ inverse
    rest = right - left(solved)
    step = nearer = rest @ inverse
    size = _products(rest, nearer)
    enough = _RESIDUAL**2 * _products(right, right)
    for _ in range(_STEPS):
        done = _products(rest, rest) <= enough
        if done.all():
            break
        pushed = left(step)
        length = _ratio(size, _products(step, pushed))
        solved = solved + length * step
        rest = rest - length * pushed
        nearer = rest @ inverse
        before, size = size, _products(rest, nearer)
        step = nearer + _ratio(size, before) * step
    return solved, _products(rest, rest) <= enough


def _products(left: Doubles, right: Doubles) -> Doubles:
    """Return the inner products of rows, float64 [n_rows]."""
    return np.asarray(np.einsum("ij,ij->i", left, right))


def _ratio(upper: Doubles, lower: Doubles) -> Doubles:
    """Return float64 [n_rows, 1]; 0 where nothing is left to divide by: that system is solved."""
    ratio: Doubles = np.divide(upper, lower, out=np.zeros_like(upper), where=lower > 0)
    return ratio[:, np.newaxis]
