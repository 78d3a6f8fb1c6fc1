"""Which method serves which recommender: the winner of ``explainer evaluate attribution`` at the cost of serving."""

from __future__ import annotations

from explainer.attribution.base import Attributor
from explainer.attribution.sequential import SequentialDeletion
from retriever.recommenders.base import Recommender

_BEFORE = (SequentialDeletion(singly=0, share=0.2),)


def default_attributor(recommender: Recommender) -> Attributor:  # noqa: ARG001  one method has won for all so far
    """Return the method that serves this recommender."""
    return SequentialDeletion()


def served_before(method: str) -> Attributor | None:
    """Return a method that served once, to make again what it has made; None if none of them has this name."""
    return next((one for one in _BEFORE if one.method == method), None)
