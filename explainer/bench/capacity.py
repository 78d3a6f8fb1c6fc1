"""What pre-writing a shop's explanations takes: rows, storage, prompts, hours, money; from measured rates, as ranges.

How many distinct prompts there are among n explanations follows Heaps' law, ``D(n) = K · n ** β``: facts repeat more
and more, but never stop being new. It is fitted on counts of pairs and prompts, and what it misses of the last, which
it was fitted without, is its stated error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from explainer.bench.errors import BenchError

_HOUR_S = 3600.0
PAIRS = ((276, 191), (908, 423), (2_692, 842), (5_384, 1_234), (8_458, 1_545))
"""Measured on MovieLens 100K: what the model was asked for 30, 100, 300, 600 and all 943 people x 10 films, in an order
drawn by chance, and the distinct prompts among it. Of fewer people nearly every prompt is new: that is another law."""
_FEWEST = 2
_EXPONENT_SPREAD = 0.08
"""How far a catalogue's own exponent may be from the fitted one; a guess until several catalogues are measured."""


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was measured, and where.

    Attributes:
        machine: On what, and of which data.
        pairs_and_prompts: Explanations and the distinct prompts among them, growing.
        told: Share of explanations that the model is asked about at all.
        explained_per_core_s: Explanations ranked, attributed and stored in a second by one core.
        texts_per_core_s: Texts that the model writes in a second on one core,
        texts_per_gpu_s: and on one GPU with an OpenAI-compatible server: a guess until one is measured.
        bytes_fixed: Of one stored explanation with evidence, log and indices, whatever its history,
        bytes_per_behaviour: and for each behaviour in that.
        core_hour: Price of a core for an hour,
        gpu_hour: and of a GPU; any currency.
    """

    machine: str = (
        "Two cores (AMD EPYC, avx512_bf16), SQLite, MovieLens 100K; speeds of 60 people × 10 films, beside other work. "
        "Nothing was measured on a GPU."
    )
    pairs_and_prompts: tuple[tuple[int, int], ...] = PAIRS
    told: float = 0.90
    explained_per_core_s: float = 45.0
    texts_per_core_s: float = 7.0
    texts_per_gpu_s: float = 150.0
    bytes_fixed: float = 5000.0
    bytes_per_behaviour: float = 62.0
    core_hour: float = 0.05
    gpu_hour: float = 2.0


@dataclass(frozen=True, slots=True)
class Span:
    """A figure with the range that its assumptions leave."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Heaps' law as fitted.

    Attributes:
        factor: K.
        exponent: β, at most 1.
        error: What the law, fitted without the last count, misses of it, as a share; None where two counts are all.
    """

    factor: float
    exponent: float
    error: float | None

    def prompts(self, pairs: float, exponent: float | None = None, pivot: float = 1.0) -> float:
        """Return distinct prompts among so many pairs; with another exponent, from the count at ``pivot`` on."""
        if exponent is None:
            return float(min(pairs, self.factor * pairs**self.exponent))
        return float(min(pairs, self.factor * pivot**self.exponent * (pairs / pivot) ** exponent))


@dataclass(frozen=True, slots=True)
class Capacity:
    """The answer.

    Attributes:
        users: Whose explanations,
        items: how many each,
        behaviours: with histories of so many.
        rates: What it rests on.
        growth: Of distinct prompts.
        rows: Stored, by table.
        gigabytes: Stored.
        prompts: Distinct ones, each written once.
        core_hours: Ranking, attributing, storing.
        writing_core_hours: Writing on cores,
        writing_gpu_hours: or on GPUs.
        money_on_cores: All of it on cores,
        money_with_gpu: or the writing on GPUs.
        sways: Assumption → the range that it alone gives the money with GPUs, what sways it most first.
    """

    users: int
    items: int
    behaviours: int
    rates: Rates
    growth: Growth
    rows: Mapping[str, int]
    gigabytes: Span
    prompts: Span
    core_hours: Span
    writing_core_hours: Span
    writing_gpu_hours: Span
    money_on_cores: Span
    money_with_gpu: Span
    sways: Mapping[str, tuple[float, float]]


def growth_of(points: Sequence[tuple[int, int]]) -> Growth:
    """Fit Heaps' law.

    Raises:
        BenchError: If there are fewer than two counts, or they do not grow.
    """
    if len(points) < _FEWEST or any(n <= 0 or d <= 0 or d > n for n, d in points):
        raise BenchError(
            "Growth takes two counts of (pairs, distinct prompts) or more, none with more prompts than pairs."
        )
    factor, exponent = _fitted(points)
    error = None
    if len(points) > _FEWEST:
        k, beta = _fitted(points[:-1])
        error = abs(k * points[-1][0] ** beta / points[-1][1] - 1.0)
    return Growth(factor, exponent, error)


def _fitted(points: Sequence[tuple[int, int]]) -> tuple[float, float]:
    pairs, prompts = np.log(np.array(points, dtype=np.float64)).T
    if np.ptp(pairs) == 0:
        raise BenchError("All counts of prompts are of equally many pairs: nothing can be said of their growth.")
    exponent, constant = np.polyfit(pairs, prompts, 1)
    return float(np.exp(constant)), min(1.0, float(exponent))


def capacity(users: int, items: int, behaviours: int = 100, rates: Rates | None = None) -> Capacity:
    """Return what it takes to write ``items`` explanations for each of ``users`` people ahead."""
    rates = rates or Rates()
    growth, pairs = growth_of(rates.pairs_and_prompts), users * items
    told, pivot = pairs * rates.told, float(rates.pairs_and_prompts[-1][0])
    by_exponent = [
        growth.prompts(told, min(1.0, max(0.0, growth.exponent + shift)), pivot)
        for shift in (-_EXPONENT_SPREAD, 0.0, _EXPONENT_SPREAD)
    ]
    prompts = Span(*by_exponent)
    cores = _times(pairs / rates.explained_per_core_s / _HOUR_S, 0.6, 1.6)
    on_cores = Span(
        *(p / rates.texts_per_core_s / _HOUR_S * by for p, by in zip(by_exponent, (0.7, 1.0, 1.5), strict=True))
    )
    on_gpu = Span(
        *(p / rates.texts_per_gpu_s / _HOUR_S * by for p, by in zip(by_exponent, (0.3, 1.0, 3.0), strict=True))
    )
    base = cores.likely * rates.core_hour
    write = on_gpu.likely * rates.gpu_hour
    sways = {
        "How prompts repeat (β)": tuple(base + write * p / prompts.likely for p in (prompts.low, prompts.high)),
        "Texts per second of a GPU": (base + write * 0.3, base + write * 3.0),
        "Explanations per second of a core": (base * 0.6 + write, base * 1.6 + write),
    }
    return Capacity(
        users=users,
        items=items,
        behaviours=behaviours,
        rates=rates,
        growth=growth,
        rows={
            "explanations": pairs,
            "evidence": round(2.06 * pairs),
            "audit_entries": pairs,
            "drafts": round(prompts.likely),
        },
        gigabytes=_times(pairs * (rates.bytes_fixed + behaviours * rates.bytes_per_behaviour) / 1e9, 0.8, 1.4),
        prompts=prompts,
        core_hours=cores,
        writing_core_hours=on_cores,
        writing_gpu_hours=on_gpu,
        money_on_cores=_sum(cores, rates.core_hour, on_cores, rates.core_hour),
        money_with_gpu=_sum(cores, rates.core_hour, on_gpu, rates.gpu_hour),
        sways=dict(sorted(((k, (v[0], v[1])) for k, v in sways.items()), key=lambda one: one[1][0] - one[1][1])),
    )


def rates_from(path: Path, rates: Rates | None = None) -> Rates:
    """Return rates with what a file states of them: fields of :class:`Rates` as JSON, or what ``bench scale`` wrote.

    Of the latter what a core explains in a second stays as it is: the made-up shop's figure is without storing.

    Raises:
        BenchError: If it holds neither.
    """
    rates = rates or Rates()
    try:
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        if "machine" in found and isinstance(found["machine"], dict):
            return _of_bench(found, rates)
        return msgspec.convert(msgspec.to_builtins(rates) | found, Rates)
    except (OSError, msgspec.MsgspecError, KeyError) as error:
        raise BenchError(f"{path} holds no measured rates: {error}.") from error


def _of_bench(found: dict[str, Any], rates: Rates) -> Rates:
    own: dict[str, Any] = {"machine": ", ".join(f"{name} {value}" for name, value in found["machine"].items())}
    if (ahead := found.get("pregenerate")) is not None:
        # Prompts grow with the texts that the model is asked for; others need none.
        asked = round(ahead["prompts"] * ahead["dedup_ratio"])
        points = sorted({*rates.pairs_and_prompts, (asked, ahead["prompts"])})
        own |= {"pairs_and_prompts": tuple(points), "told": asked / ahead["pairs"]}
    return msgspec.structs.replace(rates, **own)


def _times(value: float, low: float, high: float) -> Span:
    return Span(value * low, value, value * high)


def _sum(a: Span, price_a: float, b: Span, price_b: float) -> Span:
    return Span(*(x * price_a + y * price_b for x, y in ((a.low, b.low), (a.likely, b.likely), (a.high, b.high))))
