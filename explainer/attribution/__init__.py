"""How much each behaviour moved an item's score, computed from the recommender that ranked it."""

from explainer.attribution.base import Attribution, Attributor
from explainer.attribution.elimination import BackwardElimination
from explainer.attribution.gradients import IntegratedGradients
from explainer.attribution.leave_one_out import BatchedLeaveOneOut, LeaveOneOut
from explainer.attribution.sequential import SequentialDeletion
from explainer.attribution.shapley import Shapley

__all__ = [
    "Attribution",
    "Attributor",
    "BackwardElimination",
    "BatchedLeaveOneOut",
    "IntegratedGradients",
    "LeaveOneOut",
    "SequentialDeletion",
    "Shapley",
]
