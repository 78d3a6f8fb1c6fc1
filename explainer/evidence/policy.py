"""What counts as a reason, and the choices that must come out the same every time."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

_Z95 = 1.96


@dataclass(frozen=True, slots=True)
class EvidencePolicy:
    """Thresholds of evidence.

    Attributes:
        max_behaviours: Most behaviours cited.
        top_share: Only behaviours in this first share of the attribution's order are cited,
        top_count: or among so many first ones where that is more: what is cited is what mattered.
        min_relative: A behaviour is cited only if it contributed at least this share of the strongest one.
        min_against: A low rating that speaks against the item is told of if it took away this share of what the
            strongest cause gave, or more: a reader who remembers it will wonder.
        max_aspects: Most shared aspects where one behaviour is cited. Where several are, each gets one reason, and
            together as few different aspects as can be: a sentence about six genres is no reason.
        min_people: Co-occurrence is quoted for items that at least so many people liked,
        min_together: if at least this share of them liked the recommended item too,
        min_lift: and if that share is so many times the share among all people.
        min_both: Co-occurrence among fewer people, or by a smaller share, is quoted if at least so many liked both (and
            nobody can be told from a count),
        min_share: if that is this share of them at least,
        min_sure_lift: and if the share, at the lower end of what it may be by chance, is so many times the usual one:
            the count is small, but it is no accident.
        near_share: Two items are close in meaning if their cosine is in the highest share of this catalogue's pairs:
            where every text names a genre or a console, a cosine that is high elsewhere is nothing special,
        min_cosine: and at least this.
        copy_cosine: Two items are near copies if their cosine is at least this and their aspects are the same,
        popular_share: "Popular" means: in this share of the catalogue with the most likes.
    """

    max_behaviours: int = 3
    top_share: float = 0.1
    top_count: int = 5
    min_relative: float = 0.7
    min_against: float = 0.3
    max_aspects: int = 2
    min_people: int = 20
    min_together: float = 0.3
    min_lift: float = 1.3
    min_both: int = 5
    min_share: float = 0.1
    min_sure_lift: float = 2.0
    near_share: float = 0.01
    min_cosine: float = 0.5
    copy_cosine: float = 0.95
    popular_share: float = 0.1

    def top(self, count: int) -> int:
        """Return how many first behaviours of a history of ``count`` may be cited."""
        return max(self.top_count, round(self.top_share * count))


def stable_choice(options: int, *parts: str) -> int:
    """Return a number below ``options`` that depends on the parts alone: the same pair gets the same wording."""
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % options


def lowest_share(n: int, m: int) -> float:
    """Return the lower end of the 95 % interval of a share ``n`` of ``m``, 0 to 1 (Wilson, JASA 1927).

    Args:
        n: Successes.
        m: Trials, at least 1.
    """
    if not n:
        return 0.0
    share, z2 = n / m, _Z95**2
    spread = _Z95 * math.sqrt(share * (1 - share) / m + z2 / (4 * m * m))
    return max(0.0, (share + z2 / (2 * m) - spread) / (1 + z2 / m))
