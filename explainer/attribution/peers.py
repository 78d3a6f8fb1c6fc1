"""Other people's attribution by their own code, for particular recommenders: ``implicit`` for ALS, captum for torch."""

from __future__ import annotations

import numpy as np
import torch
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

from explainer.attribution.perturbation import library
from explainer.attribution.simple import Case, SimpleAttributor
from retriever.recommenders.als import AlsRecommender
from retriever.recommenders.attentive.subsets import AttendedSubsets
from retriever.recommenders.subsets import Doubles
from retriever.recommenders.weighting import Recency, weigh


class ImplicitExplain(SimpleAttributor):
    """What ``implicit`` says of its own model: each liked item's term of the solved system (Hu et al. 2008, §5).

    Args:
        recommender: The recommender whose item factors the library gets; its histories must not fade.
    """

    method = "implicit explain"

    def __init__(self, recommender: AlsRecommender) -> None:
        config = recommender.config
        self._alpha = config.alpha
        self._library = AlternatingLeastSquares(config.factors, regularization=config.regularization, alpha=1.0)
        self._library.item_factors = np.asarray(recommender.arrays()["factors"])

    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours]; several behaviours on one item get its term together."""
        catalogue = case.recommender.catalogue
        weighed = weigh(case.history, catalogue, case.recommender.scale, Recency())
        liked = weighed.weights > 0
        confidence = csr_matrix(
            (1.0 + self._alpha * weighed.weights[liked], (np.zeros(liked.sum(), dtype=int), weighed.columns[liked])),
            shape=(1, len(catalogue)),
        )
        _, terms, _ = self._library.explain(0, confidence, case.column, N=len(catalogue))
        by_column = dict(terms)
        found = np.zeros(len(case.history))
        found[weighed.places] = [by_column.get(column, 0.0) for column in weighed.columns.tolist()]
        return found


class CaptumGradients(SimpleAttributor):
    """Captum's integrated gradients over the presence of behaviours in the deep model.

    Args:
        steps: Points of the line.

    Raises:
        MissingLibraryError: If ``captum`` is not installed.
    """

    method = "integrated gradients, captum"

    def __init__(self, steps: int = 50) -> None:
        self._steps = steps
        self._captum = library("captum.attr")

    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours]; all 0 for a recommender that is no deep model."""
        found = np.zeros(len(case.history))
        subsets = case.subsets
        if not isinstance(subsets, AttendedSubsets) or not len(subsets.attended.places):
            return found
        attention, spoken = (torch.from_numpy(half[:, 0]) for half in subsets.terms())

        def score(presence: torch.Tensor) -> torch.Tensor:
            return (presence @ spoken) / (presence @ attention).clamp(min=1e-30) ** subsets.smoothing

        present = torch.ones((1, len(attention)), dtype=torch.float64)
        result = self._captum.IntegratedGradients(score).attribute(present, n_steps=self._steps)
        found[subsets.attended.places] = result[0].numpy()
        return found
