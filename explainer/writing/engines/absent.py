"""An engine that is somewhere else: what it writes is in the draft cache, and here it is only known what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explainer.errors import EngineUnavailable
from explainer.writing.engines.base import Draft, Engine, Sampling
from explainer.writing.prompts import Prompt


@dataclass(slots=True)
class AbsentEngine:
    """Stands for an engine in another process; plain data (see :class:`~explainer.writing.engines.base.Engine`)."""

    name: str
    model_hash: str
    adapter_hash: str
    locales: frozenset[str]
    domains: frozenset[str]

    @classmethod
    def of(cls, engine: Engine) -> AbsentEngine:
        """Return what stands for an engine."""
        return cls(engine.name, engine.model_hash, engine.adapter_hash, engine.locales, engine.domains)

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:  # noqa: ARG002  as the contract has it
        """Write nothing.

        Raises:
            EngineUnavailable: Always.
        """
        raise EngineUnavailable("the engine is in another process")
