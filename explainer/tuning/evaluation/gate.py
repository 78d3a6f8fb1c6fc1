"""What the gate lets through that it must not, and what it refuses that is true: measured on thousands of texts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from explainer.tuning.augment import augmented
from explainer.tuning.evaluation.perturbations import Case, Change, Good, perturbations
from explainer.tuning.examples import Example
from explainer.writing.gate import Vocabulary, check
from explainer.writing.gate.tokens import TokenKind, tokenize
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.style import Style

OnStage = Callable[[str, int, int], None]
_MOST_SHOWN = 20
_ROUNDS = 60


class ClassScore(msgspec.Struct, frozen=True):
    """How one class of perturbations fared: how many there were, and how many passed the gate."""

    cases: int
    false_accepts: int


class Shown(msgspec.Struct, frozen=True):
    """A text to look at: ``why`` is the change that the gate missed, or the rules that a true text broke."""

    name: str
    origin: str
    text: str
    why: str


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came out.

    Attributes:
        locale: Language.
        seed: Of all that is random.
        classes: Scores of the perturbations by class.
        gold: True texts that were held against the gate.
        false_rejects: How many of them it refused.
        false_reject_rate: Their share, 0 to 1.
        unseen_rejects: The same number with connective words from texts of other phrase families only.
        unseen_reject_rate: Their share, 0 to 1.
        skipped: Texts that nothing was made of, since the gate refuses them as they are.
        accepted: Examples of false accepts.
        rejected: Examples of false rejects.
    """

    locale: str
    seed: int
    classes: dict[str, ClassScore]
    gold: int
    false_rejects: int
    false_reject_rate: float
    unseen_rejects: int
    unseen_reject_rate: float
    skipped: int
    accepted: list[Shown]
    rejected: list[Shown]

    @property
    def cases(self) -> int:
        """All perturbed texts."""
        return sum(score.cases for score in self.classes.values())

    @property
    def false_accepts(self) -> int:
        """All perturbed texts that passed."""
        return sum(score.false_accepts for score in self.classes.values())


@dataclass(frozen=True)
class GateExam:
    """What the gate is examined with.

    Attributes:
        locale: Language.
        sources: Examples that perturbations are made of.
        gold: Examples that must pass.
        vocabulary: Connective words by audience: of all examples.
        unseen: The same without the phrase families of ``gold``.
        cases: About how many perturbations, over all classes.
        variants: How often each gold example is held against the gate, each time about other aspects.
        seed: Of all that is random.
    """

    locale: str
    sources: Sequence[Example]
    gold: Sequence[Example]
    vocabulary: Mapping[str, Vocabulary]
    unseen: Mapping[str, Vocabulary]
    cases: int = 10_000
    variants: int = 5
    seed: int = 42
    prompts: PromptLibrary = field(default_factory=PromptLibrary)


def examine_gate(exam: GateExam, on_stage: OnStage = lambda _stage, _done, _total: None) -> GateReport:
    """Hold true and perturbed texts against the gate, and count.

    Args:
        exam: What with.
        on_stage: Called with (stage, done, total).
    """
    rng = random.Random(exam.seed)
    goods = [good for n in range(exam.variants) for good in _variants(exam, rng, first=n == 0)]
    refused = _refused(goods, exam.vocabulary)
    unseen = _refused(goods, exam.unseen)
    templates = list(_templates(exam))
    words = _with_words_of(templates, exam.vocabulary)
    cases, skipped = _cases(exam, templates, words, rng, on_stage)
    accepted = [(name, c) for name, found in cases.items() for c in found if _passes(c, words)]
    passed = Counter(name for name, _ in accepted)
    return GateReport(
        locale=exam.locale,
        seed=exam.seed,
        classes={name: ClassScore(len(found), passed[name]) for name, found in cases.items()},
        gold=len(goods),
        false_rejects=len(refused),
        false_reject_rate=len(refused) / max(1, len(goods)),
        unseen_rejects=len(unseen),
        unseen_reject_rate=len(unseen) / max(1, len(goods)),
        skipped=skipped,
        accepted=_spread(accepted),
        rejected=refused[:_MOST_SHOWN],
    )


def _variants(exam: GateExam, rng: random.Random, *, first: bool) -> Iterator[Good]:
    """Yield the gold examples: first as they are, then about other aspects."""
    for example in exam.gold:
        yield _good(example if first else _about_others(example, exam.locale, rng), exam.locale)


def _about_others(example: Example, locale: str, rng: random.Random) -> Example:
    return augmented(example, rng) if locale == "en" else example


def _good(example: Example, locale: str) -> Good:
    return Good(example.text, example.evidence(), Style(locale, example.audience), example.id)


def _templates(exam: GateExam) -> Iterator[Good]:
    """Yield the template texts for the examples' facts."""
    for n, example in enumerate(exam.sources):
        style, evidence = Style(exam.locale, example.audience), example.evidence()
        text = exam.prompts.fallback(evidence, n % VARIANTS, style)
        yield Good(text, evidence, style, "template")


def _with_words_of(templates: Sequence[Good], vocabulary: Mapping[str, Vocabulary]) -> dict[str, Vocabulary]:
    """Return the vocabularies with the words of the templates: what is made of those must not fail by a word alone."""
    more: dict[str, set[str]] = {audience: set(words) for audience, words in vocabulary.items()}
    templates = [good for good in templates if good.style.locale == "en"]  # elsewhere the vocabulary is the templates'
    for good in templates:
        tokens = tokenize(good.text, good.evidence.aspects)
        more.setdefault(good.style.audience, set()).update(t.text for t in tokens if t.kind is TokenKind.WORD)
    return {audience: frozenset(words) for audience, words in more.items()}


def _cases(
    exam: GateExam,
    templates: Sequence[Good],
    words: Mapping[str, Vocabulary],
    rng: random.Random,
    on_stage: OnStage,
) -> tuple[dict[str, list[Case]], int]:
    """Return the cases of every class, and how many texts were of no use."""
    classes = perturbations(exam.locale, exam.prompts)
    quota = -(-exam.cases // len(classes))
    found: dict[str, dict[tuple[str, bytes], Case]] = {name: {} for name in classes}
    skipped = 0
    for _ in range(_ROUNDS):
        goods = [_good(_about_others(example, exam.locale, rng), exam.locale) for example in exam.sources]
        goods += rng.sample(templates, min(len(templates), len(goods) // 8))
        rng.shuffle(goods)
        before = sum(map(len, found.values()))
        for good in goods:
            if check(good.text, good.evidence, words[good.style.audience], good.style).failures:
                skipped += 1
                continue
            _perturb(good, classes, found, quota, rng)
            on_stage("Perturbing", sum(map(len, found.values())), quota * len(classes))
            if all(len(cases) >= quota for cases in found.values()):
                break
        if sum(map(len, found.values())) == before:
            break
    total = sum(map(len, found.values()))
    on_stage("Perturbing", total, total)
    return {name: list(cases.values()) for name, cases in found.items()}, skipped


def _perturb(
    good: Good,
    classes: Mapping[str, Sequence[Change]],
    found: Mapping[str, dict[tuple[str, bytes], Case]],
    quota: int,
    rng: random.Random,
) -> None:
    for name, changes in classes.items():
        if len(found[name]) >= quota:
            continue
        # One change at random, so that none crowds the others out.
        for case in rng.choice(changes)(good, rng):
            found[name].setdefault((case.text, msgspec.json.encode(case.evidence)), case)


def _refused(goods: Sequence[Good], words: Mapping[str, Vocabulary]) -> list[Shown]:
    refused = []
    for good in goods:
        verdict = check(good.text, good.evidence, words.get(good.style.audience, frozenset()), good.style)
        if not verdict.passed:
            refused.append(Shown("gold", good.origin, good.text, "; ".join(verdict.failures)))
    return refused


def _passes(case: Case, words: Mapping[str, Vocabulary]) -> bool:
    return check(case.text, case.evidence, words[case.style.audience], case.style).passed


def _spread(accepted: Sequence[tuple[str, Case]]) -> list[Shown]:
    """Return some of each class."""
    shown: Counter[str] = Counter()
    examples = []
    for name, case in accepted:
        shown[name] += 1
        if shown[name] <= _MOST_SHOWN:
            examples.append(Shown(name, case.origin, case.text, case.change))
    return examples
