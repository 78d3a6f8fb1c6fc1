"""How sure a mean over users is."""

from __future__ import annotations

import numpy as np

from retriever.evaluation.metrics import PerUser

_SAMPLES = 1000
_AT_ONCE = 100


def interval(values: PerUser, seed: int = 0, confidence: float = 0.95) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean (Efron 1979), users drawn with replacement."""
    if not len(values):
        return (0.0, 0.0)
    rng = np.random.default_rng(seed)
    means = [
        values[rng.integers(0, len(values), (_AT_ONCE, len(values)))].mean(axis=1) for _ in range(_SAMPLES // _AT_ONCE)
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)
