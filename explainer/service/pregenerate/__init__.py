"""Explanations written before anybody asks: the pipeline's own steps, for many users at a time.

A list is prepared (scored, attributed, its evidence found, its prompts made), each distinct prompt is written once for
all of them, and then slots are filled, the gate checks, and what passed is stored. The stages take and return plain
data, so it is all the same which process they run in: :mod:`~explainer.service.pregenerate.local` has processes of its
own, :mod:`~explainer.service.pregenerate.on_ray` Ray's.
"""

from explainer.service.pregenerate.counts import Counts, Summary
from explainer.service.pregenerate.prepared import Order

__all__ = ["Counts", "Order", "Summary"]
