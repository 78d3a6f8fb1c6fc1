"""What counts as a reason, and the choices that must come out the same every time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EvidencePolicy:
    """Thresholds of evidence.

    Attributes:
        max_behaviours: Most behaviours cited.
        min_relative: A behaviour is cited only if it contributed at least this share of the strongest one.
        max_aspects: Most shared aspects where one behaviour is cited. Where several are, each gets one reason, and
            together as few different aspects as can be: a sentence about six genres is no reason.
        min_people: Co-occurrence is quoted only for items that at least so many people liked.
        min_together: And only if at least this share of them liked the recommended item too.
        min_lift: And only if that share is so many times the share among all people.
        min_cosine: Closeness in meaning is a reason from this cosine on.
        popular_share: "Popular" means: in this share of the catalogue with the most likes.
    """

    max_behaviours: int = 3
    min_relative: float = 0.7
    max_aspects: int = 2
    min_people: int = 20
    min_together: float = 0.3
    min_lift: float = 1.3
    min_cosine: float = 0.55
    popular_share: float = 0.1


def stable_choice(options: int, *parts: str) -> int:
    """Return a number below ``options`` that depends on the parts alone: the same pair gets the same wording."""
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % options
