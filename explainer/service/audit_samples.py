"""A random sample that anyone can draw again: by the hash of a seed and each id, so that nobody chooses."""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Iterable

import msgspec
from sqlalchemy.orm import Session

from explainer.service.audit_records import AuditRecord, Provenance, audit_records, provenance
from explainer.storage.explanations import explanations_named
from explainer.storage.listing import Search
from explainer.storage.walks import explanation_ids

METHOD = (
    "Of all explanations that the search finds, the n whose SHA-256 of SEED:ID (UTF-8; in a shell: printf '%s:%s' "
    '"$SEED" "$ID" | sha256sum) is smallest as a hexadecimal number, smallest first. The ids are in the download; '
    "the same seed over the same records draws the same sample, whoever draws it."
)


class Sample(msgspec.Struct, frozen=True):
    """A seeded sample.

    Attributes:
        seed: What it was drawn with.
        method: How, so that it can be drawn again elsewhere.
        found: How many explanations it was drawn from.
        ids: Ids of those drawn, in the order of their hashes.
        records: The same, complete.
        provenance: What made them.
    """

    seed: str
    method: str
    found: int
    ids: list[str]
    records: list[AuditRecord]
    provenance: Provenance


def draw_ids(session: Session, search: Search, seed: str, n: int) -> tuple[int, list[str]]:
    """Return how many explanations a search finds, and the ids of the n that the seed draws.

    Raises:
        SearchError: If the search makes no sense.
    """
    return draw_from(explanation_ids(session, search), seed, n)


def draw_from(ids: Iterable[str], seed: str, n: int) -> tuple[int, list[str]]:
    """Return how many ids there are, and the n of them that the seed draws; holds n in memory."""
    counted = itertools.count()  # zip asks it once for every id
    hashed = ((_hash(seed, one), one) for one, _ in zip(ids, counted, strict=False))
    drawn = heapq.nsmallest(n, hashed)
    return next(counted), [one for _, one in drawn]


def _hash(seed: str, one: str) -> str:
    return hashlib.sha256(f"{seed}:{one}".encode("utf-8", "surrogatepass")).hexdigest()


def draw(session: Session, search: Search, seed: str, n: int) -> Sample:
    """Return the sample that a seed draws from what a search finds.

    Raises:
        SearchError: If the search makes no sense.
    """
    found, ids = draw_ids(session, search, seed, n)
    rows = explanations_named(session, ids)
    return Sample(seed, METHOD, found, ids, audit_records(session, rows), provenance(session, rows))
