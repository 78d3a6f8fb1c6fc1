"""The contract of a writing engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from explainer.writing.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to draw words.

    Attributes:
        temperature: 0 takes the likeliest word; higher is freer, and less careful with facts. Variety comes from cues.
        retry_temperature: The same for the second try: what failed at its likeliest is worth more freedom.
        top_k: Only the k likeliest words are drawn from.
        max_new_tokens: Upper limit of a draft's length.
        attempt: 0 for the first try, 1 for the second; part of the seed, so a retry differs.
    """

    temperature: float = 0.0
    retry_temperature: float = 0.3
    top_k: int = 20
    max_new_tokens: int = 96
    attempt: int = 0

    def again(self) -> Sampling:
        """Return the sampling of the next try."""
        return replace(self, temperature=self.retry_temperature, attempt=self.attempt + 1)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an engine wrote for one prompt, slots unfilled."""

    text: str


@runtime_checkable
class Engine(Protocol):
    """Writes drafts. The same prompt and sampling give the same draft, whatever else is in the batch.

    Attributes:
        name: Short name, stored with every explanation.
        model_hash: Hash of the base model's weights.
        adapter_hash: Hash of the adapter's weights.
        locales: Locales it writes well; others get the fallback text.
        domains: Domains it writes well; likewise.
    """

    name: str
    model_hash: str
    adapter_hash: str
    locales: frozenset[str]
    domains: frozenset[str]

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        """Return one draft per prompt, in order.

        Raises:
            EngineUnavailable: If the engine cannot write now.
        """
        ...
