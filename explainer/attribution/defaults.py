"""Which method serves which recommender: the winner of ``explainer evaluate attribution`` at the cost of serving."""

from __future__ import annotations

from explainer.attribution.base import Attributor
from explainer.attribution.sequential import SequentialDeletion
from retriever.recommenders.base import Recommender


def default_attributor(recommender: Recommender) -> Attributor:  # noqa: ARG001  one method has won for all so far
    """Return the method that serves this recommender."""
    return SequentialDeletion()
