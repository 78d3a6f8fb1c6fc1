"""From contributions and catalogue to the facts a text may use."""

from explainer.evidence.build import EvidenceBuilder, EvidencePolicy, stable_choice
from explainer.evidence.model import (
    CitedBehaviour,
    CloseInMeaning,
    CoOccurrence,
    Evidence,
    Popularity,
    Reason,
    SharedAspect,
)

__all__ = [
    "CitedBehaviour",
    "CloseInMeaning",
    "CoOccurrence",
    "Evidence",
    "EvidenceBuilder",
    "EvidencePolicy",
    "Popularity",
    "Reason",
    "SharedAspect",
    "stable_choice",
]
