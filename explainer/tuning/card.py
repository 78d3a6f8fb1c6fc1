"""The adapter's card: what it was made of and how well it does, beside the weights."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec

from explainer.errors import AssetError
from explainer.tuning.augment import augmented
from explainer.tuning.batches import prompt_of
from explainer.tuning.config import TuneConfig
from explainer.tuning.examples import REVIEWED, Example, corpus_hash
from explainer.tuning.train import Progress
from explainer.writing.engines import Engine, Sampling
from explainer.writing.gate import Vocabulary, review
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES, Style

FILE = "card.json"


class GateScore(msgspec.Struct, frozen=True):
    """How the test part's prompts fare at the gate.

    Attributes:
        prompts: Prompts written for.
        first_try: Share of first drafts that pass, 0 to 1.
        failures: Failed rules of first drafts, most frequent first.
    """

    prompts: int
    first_try: float
    failures: dict[str, int]


class Card(msgspec.Struct, frozen=True):
    """See the module.

    Attributes:
        reviewed: Ids of the lines that were made of what reviewers judged, and so of what was shown to somebody: should
            they be erased, the adapter is to be trained again.
    """

    base_model: str
    base_hash: str
    adapter_hash: str
    corpus_hash: str
    prompt_versions: dict[str, str]
    locales: tuple[str, ...]
    domains: tuple[str, ...]
    examples: dict[str, int]
    config: TuneConfig
    progress: dict[str, object]
    gate: GateScore
    command: str
    date: str
    reviewed: tuple[str, ...] = ()


def read_card(folder: Path) -> Card:
    """Return the card beside an adapter.

    Raises:
        AssetError: If it is missing or damaged.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise AssetError(f"There is no {FILE} in {folder}; make the adapter anew with: explainer tune") from error
    except msgspec.DecodeError as error:
        raise AssetError(f"{path} is damaged: {error}; make the adapter anew with: explainer tune") from error


def gate_score(
    engine: Engine, examples: Sequence[Example], vocabulary: Mapping[str, Vocabulary], seed: int
) -> GateScore:
    """Let the engine write for the examples' facts with other aspects; return how its first drafts fare at the gate.

    Args:
        engine: Writes the drafts.
        examples: The test part.
        vocabulary: Connective words by audience.
        seed: Of the other aspects.
    """
    prompts, rng = PromptLibrary(), random.Random(seed)
    asked = [augmented(example, rng) for example in examples]
    drafts = engine.write([prompt_of(example, prompts) for example in asked], Sampling())
    verdicts = [
        review(draft.text, example.evidence(), vocabulary[example.audience], example.style)[1]
        for draft, example in zip(drafts, asked, strict=True)
    ]
    rules = Counter(failure.split(":")[0] for verdict in verdicts for failure in verdict.failures)
    passed = sum(verdict.passed for verdict in verdicts)
    return GateScore(len(asked), passed / max(1, len(asked)), dict(rules.most_common()))


def write_card(
    folder: Path,
    config: TuneConfig,
    examples: Sequence[Example],
    sizes: dict[str, int],
    progress: Progress,
    gate: GateScore,
    engine: Engine,
    command: str,
) -> Path:
    """Write ``card.json`` into the adapter's folder and return its path."""
    prompts = PromptLibrary()
    card = Card(
        base_model=config.base_model,
        base_hash=engine.model_hash,
        adapter_hash=engine.adapter_hash,
        corpus_hash=corpus_hash(examples),
        prompt_versions={audience: prompts.version(Style("en", audience)) for audience in AUDIENCES},
        locales=("en",),
        domains=tuple(sorted({example.domain for example in examples})),
        examples=sizes,
        config=config,
        progress=vars(progress),
        gate=gate,
        command=command,
        date=date.today().isoformat(),  # noqa: DTZ011  a day is enough, and the trainer's own day is the one meant
        reviewed=tuple(sorted(example.id for example in examples if example.id.startswith(REVIEWED))),
    )
    path = folder / FILE
    path.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    return path
