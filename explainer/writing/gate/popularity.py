"""Texts that cite no behaviour: they may tell how many people liked the item, and that the reader is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.counts import is_part_of_whole
from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences
from explainer.writing.gate.words import CLOSE, DOINGS, LIKED, LOW, PEOPLE, READER, SERIES
from retriever.data import BehaviourKind

_POPULAR = frozenset({"popular", "popularity", "well-liked"})
_LIKES = LIKED | {"like"}


def false_popularity(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``rule: what`` for every claim about people, likes or the reader that the evidence does not support."""
    popularity = evidence.popularity
    counted = None if popularity is None else popularity.kind
    for sentence in sentences(tokens):
        texts = [t.text for t in sentence]
        yield from _counts(sentence)
        for segment in segments(sentence):
            words = {t.text for t in segment if t.kind is TokenKind.WORD}
            if words & (SERIES | CLOSE - {"near"} | LOW):
                yield f"unfounded_claim: {min(words & (SERIES | CLOSE - {'near'} | LOW))}"
            if (words & PEOPLE or words & _POPULAR) and popularity is None:
                yield "people_claim: people"
            did = words & (DOINGS.keys() | _LIKES)
            if _names_taste([t.text for t in segment]):
                did -= {"like"}
            if did and not _is_said_of_people(segment, texts):
                yield f"misattached: {min(did)}"
            for word in sorted(did):
                kinds = DOINGS.get(word, frozenset({BehaviourKind.LIKE}))
                if counted is not None and counted not in kinds:
                    yield f"people_claim: {word}"
    if not evidence.is_new and any(t.text == "new" for t in tokens):
        yield "unfounded_claim: new"


def _names_taste(segment: Sequence[str]) -> bool:
    """Return whether the words are about what the reader likes, whatever that is: "we learn what you like"."""
    return segment[-3:] == ["what", "you", "like"] and segment.count("like") == 1


def _is_said_of_people(segment: Sequence[Token], sentence: Sequence[str]) -> bool:
    """Return whether who did it is the people of the count: their numbers are in the sentence, no reader is here."""
    words = {t.text for t in segment}
    by_many = words & PEOPLE or any(text.startswith("pop.") for text in words)
    return bool(by_many or any(text.startswith("pop.") for text in sentence)) and not (READER & words and not by_many)


def _counts(sentence: Sequence[Token]) -> Iterator[str]:
    """The count is told whole, once, and the right way round."""
    numbers = [t.text for t in sentence if t.kind is TokenKind.SLOT and t.text.startswith("pop.")]
    if numbers and sorted(numbers) != ["pop.m", "pop.n"]:
        yield "half_count: pop"
    elif numbers and not is_part_of_whole(sentence, "pop"):
        yield "count_claim: pop"
