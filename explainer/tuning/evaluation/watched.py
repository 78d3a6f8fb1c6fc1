"""What stands around an engine while it is examined: a clock in front of it, a cache that ends with the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from explainer.writing.engines import Draft, Engine, Sampling
from explainer.writing.prompts import Prompt
from explainer.writing.texts import Outcome


@dataclass
class MemoryCache:
    """A draft cache that lives as long as the report."""

    held: dict[str, Outcome] = field(default_factory=dict)

    def get(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return the known outcomes among the keys."""
        return {key: self.held[key] for key in keys if key in self.held}

    def put(self, outcomes: dict[str, Outcome]) -> None:
        """Remember outcomes; a key that is there already stays as it is."""
        self.held = outcomes | self.held


@dataclass
class Watched:
    """An engine that notes what it wrote and how long that took; in all else the engine itself."""

    engine: Engine
    on_draft: Callable[[int], None] = lambda _done: None
    seconds: float = 0.0
    drafts: list[str] = field(default_factory=list)
    _at_once: int = 64

    def __post_init__(self) -> None:
        """Take over the engine's name, hashes and skills."""
        self.name, self.model_hash, self.adapter_hash = (
            self.engine.name,
            self.engine.model_hash,
            self.engine.adapter_hash,
        )
        self.locales, self.domains = self.engine.locales, self.engine.domains

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        """Return one draft per prompt, in order; prompts of one length are written together."""
        order = sorted(range(len(prompts)), key=lambda n: len(prompts[n].user))
        found: dict[int, Draft] = {}
        for start in range(0, len(order), self._at_once):
            places = order[start : start + self._at_once]
            begun = time.perf_counter()
            drafts = self.engine.write([prompts[place] for place in places], sampling)
            self.seconds += time.perf_counter() - begun
            found |= dict(zip(places, drafts, strict=True))
            self.drafts += [draft.text for draft in drafts]
            self.on_draft(len(self.drafts))
        return [found[n] for n in range(len(prompts))]
