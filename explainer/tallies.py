"""Counts of what was written since the process started, for those who watch it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from explainer.writing.texts import Written


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted.

    Attributes:
        texts: Explanations by (source, locale).
        failures: What the gate held against the drafts behind them, by rule.
        remembered: Texts whose draft was in the cache.
        asked: Texts for which the engine was asked.
        private: Explanations that kept something private out, by its category.
    """

    texts: Mapping[tuple[str, str], int]
    failures: Mapping[str, int]
    remembered: int
    asked: int
    private: Mapping[str, int]


class Tallies:
    """Counts texts; any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: Counter[tuple[str, str]] = Counter()
        self._failures: Counter[str] = Counter()
        self._cached: Counter[bool] = Counter()
        self._private: Counter[str] = Counter()

    def add(self, texts: Iterable[Written], locale: str) -> None:
        """Count texts that were written and stored."""
        with self._lock:
            for text in texts:
                self._texts[text.source, locale] += 1
                self._failures.update(failure.partition(":")[0] for failure in text.failures)
                if text.prompt_hash:  # else no model was to write it, and no draft was looked for
                    self._cached[text.cached] += 1

    def add_private(self, kept_out: Iterable[Collection[str]], explanations: int) -> None:
        """Count that explanations were made for somebody who did things of some categories."""
        with self._lock:
            for category in {one for categories in kept_out for one in categories}:
                self._private[category] += explanations

    @property
    def counts(self) -> Counts:
        """What was counted up to now."""
        with self._lock:
            cached = self._cached
            return Counts(dict(self._texts), dict(self._failures), cached[True], cached[False], dict(self._private))
