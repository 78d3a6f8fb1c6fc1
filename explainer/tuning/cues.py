"""Which cues fit which facts: read off the corpus, kept where the adapter's texts pass the gate.

A cue that was written for one kind of facts often suits a similar kind, so candidates are borrowed among facts of the
same reader and as many acts. What is kept is decided on training examples with other aspects, never on anybody's data.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from explainer.tuning.augment import augmented
from explainer.tuning.examples import Example
from explainer.tuning.fluency import Joints
from explainer.writing.cues import CueTable, cue_of, signature, suits
from explainer.writing.engines import Draft
from explainer.writing.gate import Vocabulary, review
from explainer.writing.prompts import Prompt, PromptLibrary

_AT_ONCE = 64
Write = Callable[[Sequence[Prompt]], list[Draft]]
_NO_ACTS = frozenset({"association", "new", "known", "title", "text"})
Trial = tuple[str, str, Example]
"""A kind of facts, a cue, and an example of such facts."""


@dataclass(frozen=True, slots=True)
class CuePolicy:
    """How cues are chosen.

    Attributes:
        candidates: Most cues tried for one kind of facts.
        at_once: Cues tried together; more are only tried while fewer than ``most`` have never failed.
        rounds: Texts asked for with each; a cue is out with its first that fails.
        least: Cues kept for facts and acts of one kind at least, even if some of their texts failed: not everybody
            shall read the same.
        most: Cues kept at most; of those that never failed, the ones whose texts read most like the corpus.
        seed: Of the aspects that the texts are about.
    """

    candidates: int = 60
    at_once: int = 20
    rounds: int = 5
    least: int = 5
    most: int = 10
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
    """Return what facts have in common that begin alike: reader, number of acts, source, whether they are the cause."""
    audience, *acts = key.split()
    return audience, str(len(acts)), *(act for act in acts if act in _NO_ACTS)


def calibrated(
    examples: Sequence[Example],
    write: Write,
    prompts: PromptLibrary,
    vocabulary: Mapping[str, Vocabulary],
    policy: CuePolicy | None = None,
    on_step: Callable[[int, int], None] = lambda _done, _total: None,
) -> CueTable:
    """Return the cues with which all texts pass the gate; where those are too few, also the longest lasting.

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
    trial = _Calibration(of_kind, write, _Judge(prompts, vocabulary, Joints(examples)), policy, rng, on_step)
    candidates = candidate_cues(examples, policy.candidates)
    for start in range(0, policy.candidates, policy.at_once):
        trial.wave({key: cues[start : start + policy.at_once] for key, cues in candidates.items()})
    return CueTable({key: _best(cues, of_kind[key], policy) for key, cues in trial.scores.items()})


@dataclass(slots=True)
class _Score:
    """How a cue fares: texts that passed, one after the other, and how many strange joints they have."""

    passed: int = 0
    strange: int = 0

    def add(self, strange: int) -> None:
        """Count a text that passed."""
        self.passed += 1
        self.strange += strange


@dataclass(frozen=True, slots=True)
class _Judge:
    """Asks for texts and judges them."""

    prompts: PromptLibrary
    vocabulary: Mapping[str, Vocabulary]
    joints: Joints

    def prompt(self, trial: Trial) -> Prompt:
        """Return what the engine is asked."""
        _, cue, example = trial
        return self.prompts.prompt(example.evidence(), cue, example.style)

    def strange(self, draft: str, cue: str, example: Example) -> int | None:
        """Return the number of strange joints; None if the text begins otherwise or the gate refuses it."""
        text, verdict = review(draft, example.evidence(), self.vocabulary[example.audience], example.style)
        return self.joints.strange(text, example.aspects) if draft.startswith(cue) and verdict.passed else None


@dataclass(slots=True)
class _Calibration:
    """Tries cues, wave by wave, and keeps the score of each by kind of facts."""

    of_kind: Mapping[str, Sequence[Example]]
    write: Write
    judge: _Judge
    policy: CuePolicy
    rng: random.Random
    on_step: Callable[[int, int], None]
    scores: dict[str, dict[str, _Score]] = field(default_factory=lambda: defaultdict(dict))
    most: int = 0
    done: int = 0

    def wave(self, candidates: Mapping[str, Sequence[str]]) -> None:
        """Try more cues for those kinds of facts that have too few which never failed."""
        fresh: dict[str, list[str]] = {}
        for key, cues in candidates.items():
            known = self.scores[key]
            if sum(score.passed == self.policy.rounds for score in known.values()) < self.policy.most:
                fresh[key] = [c for c in cues if any(suits(c, e.evidence(), e.style) for e in self.of_kind[key])]
                known.update((cue, _Score()) for cue in fresh[key])
        self.most += self.policy.rounds * sum(map(len, fresh.values()))
        for lasted in range(self.policy.rounds):
            self._round(
                [
                    (key, cue, _example(self.of_kind[key], cue, self.rng))
                    for key, cues in fresh.items()
                    for cue in cues
                    if self.scores[key][cue].passed == lasted
                ]
            )
        self.done = self.most
        self.on_step(self.done, self.most)

    def _round(self, trials: list[Trial]) -> None:
        # Prompts of one length share a batch.
        trials.sort(key=lambda trial: len(trial[2].behaviours))
        for start in range(0, len(trials), _AT_ONCE):
            batch = trials[start : start + _AT_ONCE]
            drafts = self.write([self.judge.prompt(trial) for trial in batch])
            for (key, cue, example), draft in zip(batch, drafts, strict=True):
                strange = self.judge.strange(draft.text, cue, example)
                if strange is not None:
                    self.scores[key][cue].add(strange)
            self.done += len(batch)
            self.on_step(self.done, self.most)


def _best(scores: Mapping[str, _Score], examples: Sequence[Example], policy: CuePolicy) -> tuple[str, ...]:
    """Return the cues that are kept, best first: for each kind of acts those that never failed, or that lasted longest.

    A cue suits some acts only ("You rated"), so that a few for all acts might be none for one.
    """
    ranked = sorted(scores, key=lambda cue: (-scores[cue].passed, scores[cue].strange))
    kept: set[str] = set()
    for example in {tuple(link.kind for link in e.behaviours): e for e in examples}.values():
        mine = [cue for cue in ranked if suits(cue, example.evidence(), example.style)]
        sure = sum(scores[cue].passed == policy.rounds for cue in mine)
        kept |= set(mine[: min(policy.most, max(policy.least, sure))])
    return tuple(cue for cue in ranked if cue in kept)


def _example(examples: Sequence[Example], cue: str, rng: random.Random) -> Example:
    """Return facts that the cue suits, about other aspects."""
    return augmented(rng.choice([e for e in examples if suits(cue, e.evidence(), e.style)]), rng)
