"""How much each behaviour moved an item's score, computed from the recommender that ranked it."""

from explainer.attribution.base import Attribution, Attributor
from explainer.attribution.leave_one_out import BatchedLeaveOneOut, ClosedFormLeaveOneOut

__all__ = ["Attribution", "Attributor", "BatchedLeaveOneOut", "ClosedFormLeaveOneOut"]
