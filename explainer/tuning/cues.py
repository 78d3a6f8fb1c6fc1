"""Which cues fit which facts: read off the corpus, kept where the adapter's texts pass the gate.

A cue that was written for one kind of facts often suits a similar kind, so candidates are borrowed among facts of the
same reader and the same acts. What is kept is decided on training examples with other aspects, never on anybody's data.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from explainer.tuning.augment import augmented
from explainer.tuning.examples import Example
from explainer.writing.cues import CueTable, cue_of, signature
from explainer.writing.engines import Draft
from explainer.writing.gate import Vocabulary, check
from explainer.writing.prompts import Prompt, PromptLibrary

_AT_ONCE = 64
Write = Callable[[Sequence[Prompt]], list[Draft]]


@dataclass(frozen=True, slots=True)
class CuePolicy:
    """How cues are chosen.

    Attributes:
        candidates: Most cues tried for one kind of facts.
        trials: Texts asked for with each.
        enough: A cue is kept if this share of them pass the gate, 0 to 1.
        seed: Of the aspects that the trials are about.
    """

    candidates: int = 24
    trials: int = 4
    enough: float = 0.99
    seed: int = 0


def candidate_cues(examples: Sequence[Example], limit: int) -> dict[str, tuple[str, ...]]:
    """Return the cues worth trying for each kind of facts in the corpus: its own first, then those of its kin."""
    own: dict[str, Counter[str]] = defaultdict(Counter)
    kin: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        key, cue = signature(example.evidence(), example.style), cue_of(example.text, example.aspects)
        if cue:
            own[key][cue] += 1
            kin[_acts(key)][cue] += 1
    found = {}
    for key, cues in own.items():
        borrowed = [cue for cue, _ in kin[_acts(key)].most_common() if cue not in cues]
        found[key] = tuple([*(cue for cue, _ in cues.most_common()), *borrowed][:limit])
    return found


def _acts(key: str) -> str:
    """Return a signature without its reasons: reader, acts, whether they are the cause."""
    return " ".join(part.split(":")[0] for part in key.split())


def calibrated(
    examples: Sequence[Example],
    write: Write,
    prompts: PromptLibrary,
    vocabulary: Mapping[str, Vocabulary],
    policy: CuePolicy | None = None,
    on_step: Callable[[int, int], None] = lambda _done, _total: None,
) -> CueTable:
    """Return the cues with which texts pass the gate; where none does, the best one.

    Args:
        examples: Training examples; they give cues and facts.
        write: Writes a batch of drafts.
        prompts: Templates.
        vocabulary: Connective words by audience.
        policy: How many are tried, and what is enough.
        on_step: Called with (done, total) drafts.
    """
    policy = policy or CuePolicy()
    rng = random.Random(policy.seed)
    of_kind: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        of_kind[signature(example.evidence(), example.style)].append(example)
    trials = [
        (key, cue, augmented(rng.choice(of_kind[key]), rng))
        for key, cues in candidate_cues(examples, policy.candidates).items()
        for cue in cues
        for _ in range(policy.trials)
    ]
    asked = [prompts.prompt(example.evidence(), cue, example.style) for _, cue, example in trials]
    # Prompts of one length share a batch; a batch at a time, so that there is progress to show.
    order = sorted(range(len(asked)), key=lambda n: len(asked[n].user))
    passed: dict[tuple[str, str], int] = Counter()
    for start in range(0, len(order), _AT_ONCE):
        places = order[start : start + _AT_ONCE]
        for place, draft in zip(places, write([asked[place] for place in places]), strict=True):
            key, cue, example = trials[place]
            verdict = check(draft.text, example.evidence(), vocabulary[example.audience], example.style)
            passed[key, cue] += verdict.passed and draft.text.startswith(cue)
        on_step(min(start + _AT_ONCE, len(order)), len(order))
    return CueTable(_kept(passed, policy))


def _kept(passed: Mapping[tuple[str, str], int], policy: CuePolicy) -> dict[str, tuple[str, ...]]:
    rates: dict[str, dict[str, float]] = defaultdict(dict)
    for (key, cue), count in passed.items():
        rates[key][cue] = count / policy.trials
    kept = {}
    for key, cues in rates.items():
        ordered = sorted(cues, key=lambda cue: -cues[cue])
        good = [cue for cue in ordered if cues[cue] >= policy.enough]
        kept[key] = tuple(good or ordered[:1])
    return kept
