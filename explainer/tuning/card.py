"""The adapter's card: what it was made of and how well it does, beside the weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from explainer.tuning.config import TuneConfig
from explainer.tuning.examples import Example, corpus_hash, opening_of
from explainer.tuning.train import Progress
from explainer.writing.engines import Engine, Sampling
from explainer.writing.gate import Vocabulary, check
from explainer.writing.prompts import PromptLibrary


class GateScore(msgspec.Struct, frozen=True):
    """How the held-out prompts fare at the gate.

    Attributes:
        prompts: Held-out prompts written for.
        first_try: Share of first drafts that pass, 0 to 1.
        failures: Failed rules of first drafts, most frequent first.
    """

    prompts: int
    first_try: float
    failures: dict[str, int]


class Card(msgspec.Struct, frozen=True):
    """See the module."""

    base_model: str
    base_hash: str
    adapter_hash: str
    corpus_hash: str
    prompt_version: str
    examples: int
    config: TuneConfig
    progress: dict[str, object]
    gate: GateScore
    command: str
    date: str


def gate_score(engine: Engine, examples: Sequence[Example], vocabulary: Vocabulary) -> GateScore:
    """Let the engine write for the examples' evidence and return how its first drafts fare at the gate."""
    prompts = PromptLibrary()
    asked = [prompts.prompt(example.evidence(), opening_of(example.text)) for example in examples]
    verdicts = [
        check(draft.text, example.evidence(), vocabulary)
        for draft, example in zip(engine.write(asked, Sampling()), examples, strict=True)
    ]
    rules = Counter(failure.split(":")[0] for verdict in verdicts for failure in verdict.failures)
    passed = sum(verdict.passed for verdict in verdicts)
    return GateScore(len(examples), passed / max(1, len(examples)), dict(rules.most_common()))


def write_card(
    folder: Path,
    config: TuneConfig,
    examples: Sequence[Example],
    progress: Progress,
    gate: GateScore,
    engine: Engine,
    command: str,
) -> Path:
    """Write ``card.json`` into the adapter's folder and return its path."""
    card = Card(
        base_model=config.base_model,
        base_hash=engine.model_hash,
        adapter_hash=engine.adapter_hash,
        corpus_hash=corpus_hash(examples),
        prompt_version=PromptLibrary().version("en", "customer"),
        examples=len(examples),
        config=config,
        progress=vars(progress),
        gate=gate,
        command=command,
        date=date.today().isoformat(),  # noqa: DTZ011  a day is enough, and the trainer's own day is the one meant
    )
    path = folder / "card.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    return path
