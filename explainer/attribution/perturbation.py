"""LIME and KernelSHAP by their own libraries, over the same scores of parts of the history.

Ribeiro, Singh and Guestrin, "Why Should I Trust You?" (KDD 2016); Lundberg and Lee, "A Unified Approach to Interpreting
Model Predictions" (NIPS 2017). They fit a linear model to the scores of random parts; for comparison, not for serving.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from explainer.attribution.simple import Case, SimpleAttributor
from explainer.errors import MissingLibraryError
from retriever.recommenders.subsets import Doubles, Keep

_KERNEL_WIDTH = 0.25


class Lime(SimpleAttributor):
    """LIME's weighted ridge regression on random parts of the history, the whole one first.

    Args:
        samples: Parts that are scored.
        seed: Of the sample.

    Raises:
        MissingLibraryError: If ``lime`` is not installed.
    """

    def __init__(self, samples: int = 150, seed: int = 0) -> None:
        self.method = f"LIME-{samples}"
        self._samples = samples
        self._seed = seed
        self._lime = library("lime.lime_base")

    def contributions(self, case: Case) -> Doubles:
        """Return the regression's coefficients, float64 [n_behaviours]."""
        count = len(case.history)
        if not count:
            return np.zeros(0)
        rng = np.random.default_rng((self._seed, case.column))
        keep = rng.random((self._samples, count)) < 0.5  # noqa: PLR2004  present or not, as LIME does for text
        keep[0] = True
        distances = 1.0 - np.sqrt(keep.sum(axis=1) / count)  # cosine to the whole
        explainer = self._lime.LimeBase(_kernel, random_state=np.random.RandomState(self._seed))
        scores = case.subsets.scores(keep)[:, :1]
        _, pairs, _, _ = explainer.explain_instance_with_data(
            keep.astype(np.float64), scores, distances, 0, count, feature_selection="none"
        )
        found = np.zeros(count)
        for place, coefficient in pairs:
            found[place] = coefficient
        return found


class KernelShap(SimpleAttributor):
    """SHAP's kernel estimator with the empty history as background.

    Args:
        seed: Of the sample.

    Raises:
        MissingLibraryError: If ``shap`` is not installed.
    """

    method = "KernelSHAP"

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._shap = library("shap")

    def contributions(self, case: Case) -> Doubles:
        """Return SHAP values, float64 [n_behaviours]."""
        count = len(case.history)
        if not count:
            return np.zeros(0)

        def scores(rows: Doubles) -> Doubles:
            keep: Keep = rows > 0.5  # noqa: PLR2004  0 or 1
            return case.subsets.scores(keep)[:, 0]

        explainer = self._shap.KernelExplainer(scores, np.zeros((1, count)))
        with _global_seed(self._seed):
            # Without its usual choice of ten behaviours: the rest would be tied, and ordered by chance.
            values = explainer.shap_values(np.ones(count), silent=True, l1_reg=False)
        return np.asarray(values, dtype=np.float64)


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    """Seed numpy's global generator, the only one that SHAP asks, and put it back."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _kernel(distances: Doubles) -> Doubles:
    return np.asarray(np.sqrt(np.exp(-(distances**2) / _KERNEL_WIDTH**2)))


def library(name: str) -> Any:  # noqa: ANN401  a module without types
    """Return a library that is only there for comparison.

    Raises:
        MissingLibraryError: If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise MissingLibraryError(
            f"{package} is not installed; it is only needed for this comparison. In a checkout: "
            "pip install --no-deps -r requirements/peers.txt"
        ) from error
