"""Two records of one explanation compared, number by number and word by word."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeGuard

import msgspec

_RELATIVE = 1e-5
_SHARE = 1e-4
_SETS = 0.01
TOLERANCE = (
    f"Scores and contributions may be {_RELATIVE:g} of the largest number among them apart, shares and cosines "
    f"{_SHARE:g}, the share of sets as strong {_SETS:g}, and behaviours that matter equally may change places: "
    "recommenders compute in 32-bit floats (7 digits), sums over thousands of terms lose 1 or 2 of these, and which "
    "ones depends on the order in which the machine's BLAS library adds. Counts, ranks, ids and words must be equal."
)
_SCORES = frozenset({"score", "base_score", "contribution", "fall", "usual_fall"})
_SHARES = frozenset({"share", "similarity"})


class Outcome(StrEnum):
    """How near two records are, nearest first."""

    EXACT = "exact"
    EQUIVALENT = "equivalent"
    DIFFERENT = "different"


class Difference(msgspec.Struct, frozen=True):
    """One thing that is not the same.

    Attributes:
        what: Where: ``score``, ``evidence.b1.share``.
        stored: As the record has it.
        now: As it comes out now.
        outcome: ``equivalent`` where it is within the tolerance.
    """

    what: str
    stored: Any
    now: Any
    outcome: Outcome = Outcome.DIFFERENT


def compared(stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Return every difference between two records of plain JSON data, in their order.

    Args:
        stored: What was stored; its ``score``, ``base_score`` and ``contributions`` say how large numbers are.
        now: What comes out now.
    """
    numbers = [stored["score"], stored["base_score"], *stored["contributions"].values()]
    unit = max((abs(number) for number in numbers if _is_number(number)), default=0.0)
    return [
        Difference(what, old, new, Outcome.EQUIVALENT if _is_near(what, old, new, unit) else Outcome.DIFFERENT)
        for what, old, new in _differing("", stored, now)
    ]


def _differing(path: str, old: object, new: object) -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, old, new) wherever the two differ; in lists of as many records, record by record."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differing(f"{path}.{key}" if path else str(key), old.get(key), new.get(key))
    elif _is_records(old) and _is_records(new) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True), start=1):
            yield from _differing(f"{path}.{place}", one, other)
    elif old != new:
        yield path, old, new


def _is_records(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)


def _is_near(what: str, old: object, new: object, unit: float) -> bool:
    parts = what.split(".")
    if parts == ["order"]:
        return isinstance(old, list) and isinstance(new, list) and sorted(map(str, old)) == sorted(map(str, new))
    if not (_is_number(old) and _is_number(new)):
        return False
    apart = abs(float(old) - float(new))  # type: ignore[arg-type]
    if parts[-1] in _SHARES:
        return apart <= _SHARE
    if parts[-1] == "as_strong":
        return apart <= _SETS
    return (parts[-1] in _SCORES or parts[0] == "contributions") and apart <= _RELATIVE * unit


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
