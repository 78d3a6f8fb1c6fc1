"""All parts by name, in the order in which they are run and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from explainer.bench.bars.bar import Part
from explainer.bench.bars.proofs import PROOFS
from explainer.bench.bars.reasons import REASONS
from explainer.bench.bars.recommender import RECOMMENDER
from explainer.bench.bars.record import RECORD
from explainer.bench.bars.scale import SCALE
from explainer.bench.bars.service import SERVICE
from explainer.bench.bars.speed import SPEED
from explainer.bench.bars.writing import WRITING
from explainer.bench.errors import BenchError

PARTS: Mapping[str, Part] = MappingProxyType(
    {**SERVICE, **RECORD, **SCALE, **REASONS, **WRITING, **SPEED, **RECOMMENDER, **PROOFS}
)


_BENCHMARKS = "benchmarks"


def chosen(names: Sequence[str], parts: Mapping[str, Part] | None = None) -> list[str]:
    """Return the parts that are meant, each once.

    Args:
        names: Parts; or the first word of several (``proof``, ``scale``); or ``benchmarks``: what ``make bench`` has.
        parts: Among which.

    Raises:
        BenchError: If a name means none.
    """
    parts = PARTS if parts is None else parts
    found: dict[str, None] = {}
    for name in names:
        if not (meant := _meant(name, parts)):
            raise BenchError(f"There is no part {name!r}; there are {', '.join(parts)}.")
        found |= dict.fromkeys(meant)
    return list(found)


def _meant(name: str, parts: Mapping[str, Part]) -> list[str]:
    if name in parts:
        return [name]
    if name == _BENCHMARKS:
        return [one for one, part in parts.items() if "tests.benchmarks" in part.command]
    return [one for one in parts if one.startswith(f"{name}-")]
