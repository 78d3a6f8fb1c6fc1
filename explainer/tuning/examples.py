"""The training corpus: evidence → slotted text, one JSON object a line, every text written for this project.

A line: ``{"id": "video-001", "domain": "video", "behaviours": [{"kind": "rating", "shares": ["noir"], "people": true}],
"text": "You gave {b1} {b1.value}, …"}``. What is not said holds its default.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from explainer.errors import CorpusError
from explainer.evidence import (
    CitedBehaviour,
    CloseInMeaning,
    CoOccurrence,
    Evidence,
    Popularity,
    Reason,
    SameCreator,
    SameSeries,
    SharedAspect,
    Standing,
    fact_order,
)
from explainer.writing.gate import Verdict, check, tokenize
from explainer.writing.gate.tokens import TokenKind
from explainer.writing.names import names_of, shortened
from explainer.writing.style import CUSTOMER, Style
from retriever.data import AspectSource, BehaviourKind, Polarity
from retriever.statistics import counted_as

_HIGH, _LOW = 5.0, 1.0
_NOW, _TWO_DAYS_S = 1_700_000_000, 172_800
_STANDING = Standing(rank=2, of=100, model="hybrid", method="sequential deletion", rest=0.4, without=12)


REVIEWED = "review-"
"""How the ids of lines begin that were made of what reviewers judged."""


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One behaviour of an example and what links it to the item.

    Attributes:
        kind: What was done.
        shares: Aspects in common with the item.
        people: Whether it is counted how many did so with both.
        close: Whether the two are close in meaning.
        series: Whether both are parts of one series.
        more: Whether the reader did the same with more of that series.
        creator: Whether both have one maker.
        when: Whether it may be said when it was.
        low: Whether it is a low rating that speaks against the item.
    """

    kind: BehaviourKind
    shares: tuple[str, ...] = ()
    people: bool = False
    close: bool = False
    series: bool = False
    more: bool = False
    creator: bool = False
    when: bool = False
    low: bool = False


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the corpus.

    Attributes:
        id: Unique in the corpus.
        domain: Which wording fits.
        text: The text, with slots.
        behaviours: What is cited; none where nothing the reader did explains the item.
        audience: Who reads it.
        source: Where the shared aspects stand.
        causal: Whether the cited behaviours are the cause, so that "because" may be said.
        popular: What many people did with the item; only without behaviours.
        known: Whether the reader did anything yet.
        locale: Language of the text.
    """

    id: str
    domain: str
    text: str
    behaviours: tuple[Link, ...] = ()
    audience: str = CUSTOMER
    source: AspectSource = AspectSource.CATALOGUE
    causal: bool = True
    popular: BehaviourKind | None = None
    known: bool = True
    locale: str = "en"

    @property
    def aspects(self) -> tuple[str, ...]:
        """All shared aspects, in order of first mention."""
        return tuple(dict.fromkeys(aspect for link in self.behaviours for aspect in link.shares))

    @property
    def style(self) -> Style:
        """Reader and language."""
        return Style(self.locale, self.audience)

    def evidence(self) -> Evidence:
        """Return evidence of the example's shape; titles and numbers are stand-ins that no prompt shows."""
        cited = tuple(_cited(f"b{n}", link, self.source) for n, link in enumerate(self.behaviours, start=1))
        return Evidence(
            item_id="item",
            title="Item",
            domain=self.domain,
            behaviours=cited,
            known_user=self.known,
            popularity=None if self.popular is None else Popularity(1, 2, self.popular),
            causal=self.causal,
            now=_NOW if any(link.when for link in self.behaviours) else None,
            standing=_STANDING if cited else msgspec.structs.replace(_STANDING, without=None, rest=1.0),
        )


def _cited(slot: str, link: Link, source: AspectSource) -> CitedBehaviour:
    value = None if link.kind is not BehaviourKind.RATING else _LOW if link.low else _HIGH
    reasons: list[Reason] = []
    if link.series:
        reasons.append(SameSeries("Saga"))
    if link.creator:
        reasons.append(SameCreator("Maker"))
    reasons += [SharedAspect(aspect, source) for aspect in link.shares]
    if link.people:
        reasons.append(CoOccurrence(n=1, m=2, kind=counted_as(link.kind, value)))
    if link.close:
        reasons.append(CloseInMeaning(similarity=1.0))
    return CitedBehaviour(
        slot=slot,
        behaviour_id=slot,
        item_id=slot,
        title=slot,
        kind=link.kind,
        polarity=Polarity.NEGATIVE if link.low else Polarity.POSITIVE,
        contribution=-0.1 if link.low else 0.2,
        share=-0.1 if link.low else 0.2,
        reasons=tuple(reasons),
        value=value,
        time=_NOW - _TWO_DAYS_S if link.when else None,
        more_of_series=2 if link.more else 0,
    )


def read_corpus(path: Path) -> list[Example]:
    """Return the examples of a JSONL file, or of every one in a folder.

    Raises:
        CorpusError: If there is none, a line is not an example, or an id stands twice; the message names the line.
    """
    files = corpus_files(path)
    if not files or not all(file.is_file() for file in files):
        raise CorpusError(f"There is no corpus at {path}.")
    examples: dict[str, Example] = {}
    for file in files:
        for number, example in _lines(file):
            if example.id in examples:
                raise CorpusError(f"{file}, line {number}: the id {example.id!r} stands twice.")
            examples[example.id] = example
    if not examples:
        raise CorpusError(f"{path} has no examples.")
    return list(examples.values())


def corpus_files(path: Path) -> list[Path]:
    """Return the files of a corpus: the path itself, or what is in it where it is a folder."""
    return sorted(path.glob("*.jsonl")) if path.is_dir() else [path]


def _lines(file: Path) -> Iterable[tuple[int, Example]]:
    decoder = msgspec.json.Decoder(Example)
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        try:
            yield number, decoder.decode(line)
        except msgspec.DecodeError as error:
            raise CorpusError(f"{file}, line {number}: {error}") from error


class _Named(msgspec.Struct):
    id: str = ""


def line_ids(file: Path) -> set[str]:
    """Return the ids of a file's lines; what is no line of a corpus has none."""
    found: set[str] = set()
    for line in file.read_bytes().splitlines():
        with suppress(msgspec.MsgspecError, UnicodeError):
            found.add(msgspec.json.decode(line, type=_Named).id)
    return found


def corpus_hash(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of the examples as canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(list(examples))).hexdigest()


def vocabulary_of(examples: Sequence[Example], audience: str = CUSTOMER) -> list[str]:
    """Return the connective words of the corpus for a reader, sorted: all but the aspects of each example."""
    words = {
        token.text
        for example in examples
        if example.audience == audience
        for token in tokenize(example.text, example.aspects, example.locale)
        if token.kind is TokenKind.WORD
    }
    return sorted(words)


def lint(examples: Sequence[Example]) -> dict[str, Verdict]:
    """Return the verdicts of the examples that cannot be trained on, by id.

    Each must pass the gate, differ from all others and list its behaviours in the order that evidence has (see
    :func:`~explainer.evidence.reasons.fact_order`), a low rating last.
    """
    words = {audience: frozenset(vocabulary_of(examples, audience)) for audience in {e.audience for e in examples}}
    verdicts: dict[str, Verdict] = {}
    seen: dict[str, str] = {}
    for example in examples:
        verdict = _verdict(example, words[example.audience])
        if (twin := seen.setdefault(example.text.casefold(), example.id)) != example.id:
            verdict = Verdict((*verdict.failures, f"twice: the text of {twin}"))
        if not verdict.passed:
            verdicts[example.id] = verdict
    return verdicts


def _verdict(example: Example, vocabulary: frozenset[str]) -> Verdict:
    facts = example.evidence()
    failures = list(check(example.text, facts, vocabulary, example.style).failures)
    # English inflects; a name that a text inflects would be shown to the model as one word and asked for as another.
    names = names_of(facts) if example.locale == "en" else {}
    left = tokenize(shortened(example.text, facts), list(names.values()), example.locale) if names else []
    failures += [f"name: give {t.text!r} as the title has it" for t in left if t.kind is TokenKind.ASPECT]
    order = fact_order([b.reasons for b in facts.causes])
    if order != sorted(order):
        failures.append(f"order: list behaviours {', '.join(f'b{n + 1}' for n in order)}")
    if facts.causes != facts.behaviours[: len(facts.causes)]:
        failures.append("order: the low rating comes last")
    return Verdict(tuple(failures))
