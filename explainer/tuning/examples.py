"""The training corpus: evidence → slotted sentence, one JSON object a line, every sentence written for this project.

A line: ``{"id": "film-001", "domain": "video", "behaviours": [{"kind": "rating", "shares": ["noir"], "people": true}],
"text": "You gave {b1} {b1.value}, …"}``. ``shares`` are shared aspects, ``people`` is a co-occurrence fact, ``close``
closeness in meaning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from explainer.errors import CorpusError
from explainer.evidence import (
    CitedBehaviour,
    CloseInMeaning,
    CoOccurrence,
    Evidence,
    Reason,
    SharedAspect,
    fact_order,
)
from explainer.writing.gate import Verdict, check
from explainer.writing.gate.tokens import TokenKind, tokenize
from retriever.data import BehaviourKind, Polarity


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One behaviour of an example and what links it to the item."""

    kind: BehaviourKind
    shares: tuple[str, ...] = ()
    people: bool = False
    close: bool = False


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the corpus."""

    id: str
    domain: str
    behaviours: tuple[Link, ...]
    text: str

    @property
    def aspects(self) -> tuple[str, ...]:
        """All shared aspects, in order of first mention."""
        return tuple(dict.fromkeys(aspect for link in self.behaviours for aspect in link.shares))

    def evidence(self) -> Evidence:
        """Return evidence of the example's shape; titles and numbers are stand-ins that no prompt shows."""
        cited = tuple(_cited(f"b{n}", link) for n, link in enumerate(self.behaviours, start=1))
        return Evidence(item_id="item", title="Item", domain=self.domain, behaviours=cited)


def _cited(slot: str, link: Link) -> CitedBehaviour:
    reasons: list[Reason] = [SharedAspect(aspect) for aspect in link.shares]
    if link.people:
        reasons.append(CoOccurrence(n=1, m=2))
    if link.close:
        reasons.append(CloseInMeaning(similarity=1.0))
    rated = link.kind is BehaviourKind.RATING
    return CitedBehaviour(
        slot=slot,
        behaviour_id=slot,
        item_id=slot,
        title=slot,
        kind=link.kind,
        polarity=Polarity.POSITIVE,
        contribution=1.0,
        share=1.0,
        reasons=tuple(reasons),
        value=5.0 if rated else None,
    )


def read_corpus(path: Path) -> list[Example]:
    """Return the examples of a JSONL file.

    Raises:
        CorpusError: If the file is missing or a line is not an example; the message names the line.
    """
    if not path.is_file():
        raise CorpusError(f"There is no corpus at {path}.")
    decoder = msgspec.json.Decoder(Example)
    examples: list[Example] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            examples.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            raise CorpusError(f"{path}, line {number}: {error}") from error
    if not examples:
        raise CorpusError(f"{path} has no examples.")
    return examples


def corpus_hash(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of the examples as canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(list(examples))).hexdigest()


def vocabulary_of(examples: Sequence[Example]) -> list[str]:
    """Return the connective words of the corpus, sorted: every word that is not one of its example's aspects."""
    words = {
        token.text
        for example in examples
        for token in tokenize(example.text, example.aspects)
        if token.kind is TokenKind.WORD
    }
    return sorted(words)


def lint(examples: Sequence[Example]) -> dict[str, Verdict]:
    """Return the verdicts of the examples that cannot be trained on, by id.

    Each must pass the gate and list its behaviours in the order that evidence has (see
    :func:`~explainer.evidence.reasons.fact_order`).
    """
    vocabulary = frozenset(vocabulary_of(examples))
    verdicts = {example.id: _verdict(example, vocabulary) for example in examples}
    return {example_id: verdict for example_id, verdict in verdicts.items() if not verdict.passed}


def _verdict(example: Example, vocabulary: frozenset[str]) -> Verdict:
    facts = example.evidence()
    order = fact_order([b.reasons for b in facts.behaviours])
    unordered = () if order == sorted(order) else (f"order: list behaviours {', '.join(f'b{n + 1}' for n in order)}",)
    return Verdict((*check(example.text, facts, vocabulary).failures, *unordered))


def opening_of(text: str) -> str:
    """Return how a sentence opens, one of :data:`explainer.writing.prompts.OPENINGS`."""
    start = text.split(maxsplit=1)[0]
    if start.startswith("{item}"):
        return "item"
    if start.startswith("{b"):
        return "behaviour"
    if start.startswith("{co") or start in {"People", "Among", "Of", "Many"}:
        return "people"
    return "you" if start in {"You", "Your"} else "other"
