"""The model: so many people, so many items each, and what is assumed → what it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from explainer.bench.capacity import rates as r
from explainer.bench.capacity.growth import Growth, growth_of
from explainer.bench.capacity.rates import Rates

_HOUR_S = 3600.0
_GIGABYTE = 1e9
_EXPONENT_SPREAD = 0.08
"""How far a catalogue's own exponent may be from the fitted one; assumed until several catalogues are measured."""
REPEATING = "How prompts repeat (β)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is planned.

    Attributes:
        users: Whose explanations,
        items: how many each,
        behaviours: with histories of so many.
        reads_per_s: How many are read in a second at the busiest; 0 leaves serving out.
    """

    users: int
    items: int
    behaviours: int = 100
    reads_per_s: float = 0.0

    @property
    def pairs(self) -> int:
        """Explanations."""
        return self.users * self.items


@dataclass(frozen=True, slots=True)
class Span:
    """A figure with the range that its assumptions leave."""

    low: float
    likely: float
    high: float

    @property
    def open(self) -> bool:
        """Whether there is anything between its ends."""
        return self.high > self.low


@dataclass(frozen=True, slots=True)
class Capacity:
    """The answer.

    Attributes:
        asked: What is planned.
        rates: What it rests on.
        growth: Of distinct prompts.
        rows: Stored, by table.
        gigabytes: Stored.
        prompts: Distinct ones, each written once.
        core_hours: Ranking, attributing, storing.
        writing_core_hours: Writing on cores,
        writing_gpu_hours: or on GPUs.
        serving_cores: For the reads.
        money_on_cores: All of it on cores, once,
        money_with_gpu: or the writing on GPUs.
        money_stored: Storage for a month.
        sways: Assumption → the range that it alone gives the money with GPUs, what sways it most first.
    """

    asked: Asked
    rates: Rates
    growth: Growth
    rows: Mapping[str, int]
    gigabytes: Span
    prompts: Span
    core_hours: Span
    writing_core_hours: Span
    writing_gpu_hours: Span
    serving_cores: Span
    money_on_cores: Span
    money_with_gpu: Span
    money_stored: Span
    sways: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Figures:
    """What one set of values comes to."""

    prompts: float
    gigabytes: float
    core_hours: float
    writing_core_hours: float
    writing_gpu_hours: float
    serving_cores: float
    money_on_cores: float
    money_with_gpu: float
    money_stored: float


def capacity(asked: Asked, rates: Rates | None = None) -> Capacity:
    """Return what it takes to write explanations ahead, each figure with the range that its assumptions leave."""
    rates = rates or Rates()
    growth = growth_of(rates.counts)
    likely = _figures(asked, rates, growth, 0.0)
    varied = dict(_varied(asked, rates, growth))

    def span(figure: Callable[[_Figures], float]) -> Span:
        middle = figure(likely)
        ends = [sorted((figure(one), figure(other))) for one, other in varied.values()]
        return Span(_product(middle, [low for low, _ in ends]), middle, _product(middle, [high for _, high in ends]))

    most = asked.pairs * min(1.0, rates[r.TOLD] * rates.of[r.TOLD].spread[1])
    prompts = span(lambda one: one.prompts)
    sways = {name: (one.money_with_gpu, other.money_with_gpu) for name, (one, other) in varied.items()}
    return Capacity(
        asked=asked,
        rates=rates,
        growth=growth,
        rows=rows_of(asked.pairs, rates, likely.prompts),
        gigabytes=span(lambda one: one.gigabytes),
        prompts=Span(prompts.low, prompts.likely, min(prompts.high, most)),
        core_hours=span(lambda one: one.core_hours),
        writing_core_hours=span(lambda one: one.writing_core_hours),
        writing_gpu_hours=span(lambda one: one.writing_gpu_hours),
        serving_cores=span(lambda one: one.serving_cores),
        money_on_cores=span(lambda one: one.money_on_cores),
        money_with_gpu=span(lambda one: one.money_with_gpu),
        money_stored=span(lambda one: one.money_stored),
        sways=dict(sorted(((name, (min(both), max(both))) for name, both in sways.items() if both[0] != both[1]),
                          key=lambda one: one[1][0] - one[1][1])),
    )  # fmt: skip


def _product(likely: float, ends: list[float]) -> float:
    """Return where several independent errors leave a figure: as factors they add up like lengths at right angles.

    That all of them err the same way at once is less likely than any of them alone.
    """
    if likely <= 0:
        return likely
    logs = [math.log(end / likely) for end in ends if end > 0]
    sign = 1.0 if sum(logs) > 0 else -1.0
    return likely * math.exp(sign * math.sqrt(sum(one * one for one in logs)))


def rows_of(pairs: int, rates: Rates, prompts: float) -> dict[str, int]:
    """Return rows by table; behind each explanation stands one entry of the log."""
    evidence = round(rates[r.EVIDENCE] * pairs)
    return {"explanations": pairs, "evidence": evidence, "audit_entries": pairs, "drafts": round(prompts)}


def _varied(asked: Asked, rates: Rates, growth: Growth) -> Iterator[tuple[str, tuple[_Figures, _Figures]]]:
    """Yield for each assumption what comes of its two ends, all others as they are."""
    for name, one in rates.of.items():
        low, high = (_with(rates, name, one.value * times) for times in one.spread)
        yield one.what, (_figures(asked, low, growth, 0.0), _figures(asked, high, growth, 0.0))
    yield (
        REPEATING,
        (_figures(asked, rates, growth, -_EXPONENT_SPREAD), _figures(asked, rates, growth, _EXPONENT_SPREAD)),
    )


def _with(rates: Rates, name: str, value: float) -> Rates:
    if name == r.TOLD:
        value = min(1.0, value)
    return msgspec.structs.replace(rates, of={**rates.of, name: msgspec.structs.replace(rates.of[name], value=value)})


def _figures(asked: Asked, rates: Rates, growth: Growth, shift: float) -> _Figures:
    told, pivot = asked.pairs * rates[r.TOLD], float(rates.counts[-1][0])
    prompts = growth.prompts(told, min(1.0, max(0.0, growth.exponent + shift)), pivot)
    size = rates[r.BYTES] + asked.behaviours * rates[r.BYTES_BEHAVIOUR]
    gigabytes = asked.pairs * size / _GIGABYTE
    core_hours = asked.pairs / rates[r.EXPLAINED] / _HOUR_S
    on_cores, on_gpus = (prompts / rates[name] / _HOUR_S for name in (r.TEXTS_CORE, r.TEXTS_GPU))
    return _Figures(
        prompts=prompts,
        gigabytes=gigabytes,
        core_hours=core_hours,
        writing_core_hours=on_cores,
        writing_gpu_hours=on_gpus,
        serving_cores=asked.reads_per_s / rates[r.READS],
        money_on_cores=(core_hours + on_cores) * rates[r.CORE_HOUR],
        money_with_gpu=core_hours * rates[r.CORE_HOUR] + on_gpus * rates[r.GPU_HOUR],
        money_stored=gigabytes * rates[r.GIGABYTE_MONTH],
    )
