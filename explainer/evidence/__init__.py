"""From contributions and catalogue to the facts a text may use."""

from explainer.evidence.build import EvidenceBuilder
from explainer.evidence.model import (
    CitedBehaviour,
    CloseInMeaning,
    CoOccurrence,
    Evidence,
    Popularity,
    Reason,
    SameCreator,
    SameSeries,
    SharedAspect,
    Standing,
)
from explainer.evidence.policy import EvidencePolicy, stable_choice
from explainer.evidence.reasons import fact_order
from explainer.evidence.tags import TagBehaviour, TagFinder, TagPolicy, UserTag

__all__ = [
    "CitedBehaviour",
    "CloseInMeaning",
    "CoOccurrence",
    "Evidence",
    "EvidenceBuilder",
    "EvidencePolicy",
    "Popularity",
    "Reason",
    "SameCreator",
    "SameSeries",
    "SharedAspect",
    "Standing",
    "TagBehaviour",
    "TagFinder",
    "TagPolicy",
    "UserTag",
    "fact_order",
    "stable_choice",
]
