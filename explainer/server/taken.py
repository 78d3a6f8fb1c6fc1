"""Counters of Prometheus that follow numbers which somebody else counts."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter


class Taken:
    """One counter.

    Args:
        name: Without the prefix that all of ours have.
        told: What it counts.
        labels: Names of its labels.
        registry: Where it goes.
    """

    def __init__(self, name: str, told: str, labels: tuple[str, ...], registry: CollectorRegistry) -> None:
        self._counter = Counter(f"explainer_{name}", told, labels, registry=registry)
        self._reached: dict[tuple[str, ...], float] = {}

    def reach(self, numbers: Iterable[tuple[tuple[str, ...], float]]) -> None:
        """Count up to these numbers, each with the values of its labels."""
        for labels, number in numbers:
            counter = self._counter.labels(*labels) if labels else self._counter
            counter.inc(max(0.0, number - self._reached.get(labels, 0.0)))
            self._reached[labels] = number
