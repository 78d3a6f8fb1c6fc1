"""Which cues fit which facts: read off the corpus, kept where the adapter's texts pass the gate.

A cue that was written for one kind of facts often suits a similar kind, so candidates are borrowed among facts of the
same reader and as many acts. What is kept is decided on training examples with other aspects, never on anybody's data.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from explainer.tuning.augment import augmented
from explainer.tuning.examples import Example
from explainer.writing.cues import CueTable, cue_of, signature, suits
from explainer.writing.engines import Draft
from explainer.writing.gate import Vocabulary, review
from explainer.writing.prompts import Prompt, PromptLibrary

_AT_ONCE = 64
Write = Callable[[Sequence[Prompt]], list[Draft]]
Trial = tuple[str, str, Example]
"""A kind of facts, a cue, and an example of such facts."""


@dataclass(frozen=True, slots=True)
class CuePolicy:
    """How cues are chosen.

    Attributes:
        candidates: Most cues tried for one kind of facts.
        rounds: Texts asked for with each; a cue is out with its first that fails, while others of its kind are left.
        seed: Of the aspects that the texts are about.
    """

    candidates: int = 16
    rounds: int = 4
    seed: int = 0


def candidate_cues(examples: Sequence[Example], limit: int) -> dict[str, tuple[str, ...]]:
    """Return the cues worth trying for each kind of facts in the corpus: its own first, then those of its kin."""
    own: dict[str, Counter[str]] = defaultdict(Counter)
    kin: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for example in examples:
        key, cue = signature(example.evidence(), example.style), cue_of(example.text, example.aspects)
        own[key][cue] += 1
        kin[_kin(key)][cue] += 1
    found = {}
    for key, cues in own.items():
        ordered = [cue for cue, _ in [*cues.most_common(), *kin[_kin(key)].most_common()] if cue]
        found[key] = tuple(dict.fromkeys(ordered))[:limit]
    return found


def _kin(key: str) -> tuple[str, ...]:
    """Return what facts have in common that begin alike: reader, number of acts, whether they are the cause."""
    audience, *acts = key.split()
    return audience, str(len(acts)), acts[-1] if acts[-1] in {"association", "new", "known"} else ""


def calibrated(
    examples: Sequence[Example],
    write: Write,
    prompts: PromptLibrary,
    vocabulary: Mapping[str, Vocabulary],
    policy: CuePolicy | None = None,
    on_step: Callable[[int, int], None] = lambda _done, _total: None,
) -> CueTable:
    """Return the cues with which all texts pass the gate; where there is none, those that lasted longest.

    Args:
        examples: Training examples; they give cues and facts.
        write: Takes prompts and writes a draft for each.
        prompts: Templates.
        vocabulary: Connective words by audience.
        policy: How many are tried, and how often.
        on_step: Called with (done, at most in all) texts.
    """
    policy = policy or CuePolicy()
    rng = random.Random(policy.seed)
    of_kind: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        of_kind[signature(example.evidence(), example.style)].append(example)
    alive = {
        key: [cue for cue in cues if any(suits(cue, e.evidence(), e.style) for e in of_kind[key])]
        for key, cues in candidate_cues(examples, policy.candidates).items()
    }
    most, done = policy.rounds * sum(map(len, alive.values())), 0
    for _ in range(policy.rounds):
        trials = [(key, cue, _example(of_kind[key], cue, rng)) for key, cues in alive.items() for cue in cues]
        # Prompts of one length share a batch.
        trials.sort(key=lambda trial: len(trial[2].behaviours))
        passed: set[tuple[str, str]] = set()
        for start in range(0, len(trials), _AT_ONCE):
            passed |= _passing(trials[start : start + _AT_ONCE], write, prompts, vocabulary)
            done += len(trials[start : start + _AT_ONCE])
            on_step(done, most)
        alive = {key: [c for c in cues if (key, c) in passed] or cues for key, cues in alive.items()}
    on_step(most, most)
    return CueTable(alive)


def _example(examples: Sequence[Example], cue: str, rng: random.Random) -> Example:
    """Return facts that the cue suits, about other aspects."""
    return augmented(rng.choice([e for e in examples if suits(cue, e.evidence(), e.style)]), rng)


def _passing(
    trials: Sequence[Trial], write: Write, prompts: PromptLibrary, vocabulary: Mapping[str, Vocabulary]
) -> set[tuple[str, str]]:
    """Return (kind of facts, cue) of the trials whose text begins as asked and passes the gate."""
    drafts = write([prompts.prompt(example.evidence(), cue, example.style) for _, cue, example in trials])
    return {
        (key, cue)
        for (key, cue, example), draft in zip(trials, drafts, strict=True)
        if draft.text.startswith(cue)
        and review(draft.text, example.evidence(), vocabulary[example.audience], example.style)[1].passed
    }
