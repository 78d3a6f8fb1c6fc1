"""Counts: 看过{b1}的{co1.m}位观众中，有{co1.n}位也看过{item}. Whole, the right way round, of the right deed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.zh.objects import is_of_people, is_of_reader, things
from explainer.writing.gate.zh.tokens import segments, sentences
from explainer.writing.gate.zh.words import (
    AMONG,
    CLOSE,
    CUTS,
    DOINGS,
    LIKED,
    LOW,
    PEOPLE,
    POPULAR,
    PRONOUNS,
    SERIES,
    THUMBS,
)
from retriever.data import BehaviourKind


def false_counts(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``rule: what`` for every count that is not told as the evidence has it."""
    kinds = {b.slot.replace("b", "co"): b.co_occurrence.kind for b in evidence.behaviours if b.co_occurrence}
    earlier: Sequence[str] = ()
    for sentence in sentences(tokens):
        texts = [t.text for t in sentence]
        stems = dict.fromkeys(t.split(".")[0] for t in texts if t.startswith("co") and "." in t)
        for stem in stems:
            about = stem.replace("co", "b")
            yield from _Count(sentence, stem, earlier).failures(kinds[stem], [about], ["item"])
        for segment in segments(sentence):
            earlier = things(segment) or earlier


def false_popularity(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``rule: what`` for every claim of a text without behaviours that the evidence does not support."""
    popularity = evidence.popularity
    earlier: Sequence[str] = ()
    for sentence in sentences(tokens):
        counts = any(t.text.startswith("pop.") for t in sentence)
        if counts and popularity is not None:
            yield from _Count(sentence, "pop", earlier).failures(popularity.kind, None, ["item"])
        for segment in segments(sentence):
            words = {t.text for t in segment if t.kind is TokenKind.WORD}
            if unfounded := words & (SERIES | CLOSE | LOW):
                yield f"unfounded_claim: {min(unfounded)}"
            if words & (PEOPLE | POPULAR) and (popularity is None or (words & PEOPLE and not counts)):
                yield "people_claim: people"
            did = words & (DOINGS.keys() | LIKED)
            if did and not is_of_people(segment):
                yield f"misattached: {min(did)}"
            earlier = things(segment) or earlier


class _Count:
    """One count in a sentence.

    Args:
        sentence: Its tokens.
        stem: ``co1`` or ``pop``.
        earlier: What the sentence before named last, for 它.
    """

    def __init__(self, sentence: Sequence[Token], stem: str, earlier: Sequence[str]) -> None:
        self._sentence = sentence
        self._stem = stem
        self._earlier = earlier

    def failures(self, kind: BehaviourKind, condition: Sequence[str] | None, outcome: Sequence[str]) -> Iterator[str]:
        """Yield what is wrong.

        Args:
            kind: What was counted.
            condition: What the m people did it with; None for all people, of whom nothing more is said.
            outcome: What the n among them did it with.
        """
        texts = [t.text for t in self._sentence]
        places = [[n for n, text in enumerate(texts) if text == f"{self._stem}.{part}"] for part in "mn"]
        if [len(found) for found in places] != [1, 1]:
            yield f"half_count: {self._stem}"
            return
        whole, part = places[0][0], places[1][0]
        among = next((n for n in range(whole, part) if texts[n] in AMONG), None)
        if among is None:
            yield f"count_claim: {self._stem}"  # also where n stands before m
            return
        start = max((n + 1 for n in range(whole) if texts[n] in CUTS), default=0)
        end = next((n for n in range(part, len(texts)) if texts[n] in CUTS), len(texts))
        first, second = self._sentence[start : among + 1], self._sentence[among + 1 : end]
        if is_of_reader(first) or is_of_reader(second):
            yield f"count_claim: {self._stem}"
        if not self._is_about(first, start, condition or ()) or not self._is_about(second, among, outcome):
            yield f"count_claim: {self._stem}"
        yield from self._verbs(first, kind, needed=condition is not None)
        yield from self._verbs(second, kind, needed=True)

    def _is_about(self, tokens: Sequence[Token], start: int, wanted: Sequence[str]) -> bool:
        named = list(things(tokens))
        if any(t.text in PRONOUNS for t in tokens):
            before = things(self._sentence[:start]) or tuple(self._earlier)
            named = [*named, *before[-1:]]
        return named == list(wanted)

    def _verbs(self, tokens: Sequence[Token], kind: BehaviourKind, *, needed: bool) -> Iterator[str]:
        did = [t.text for t in tokens if t.kind is TokenKind.WORD and t.text in DOINGS.keys() | LIKED]
        if needed and not did:
            yield f"count_claim: {self._stem}"
        for word in did:
            # 喜欢 is counted by likes and good ratings, 点赞 would be likes alone.
            if kind not in DOINGS.get(word, frozenset({BehaviourKind.LIKE})) or word in THUMBS:
                yield f"people_claim: {word}"
