"""What words claim of a behaviour, as rules: aspects, what was done, liking, series, maker, closeness, people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from explainer.evidence import CitedBehaviour
from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.words import CLOSE, DEED_OWNERS, DEEDS, DOINGS, LIKED, LOW, PEOPLE, SERIES
from retriever.data import BehaviourKind, Polarity

_LIKED_BY_PEOPLE = frozenset({"liked", "enjoyed", "loved"})
_LIKING = re.compile(r"(?:^| )your kind(?: |$)|(?:^| )(?:did|do|does|went|goes) (?:so |down )*well(?: |$)|won you over")
_MAKERS = frozenset({"maker", "makers", "author", "account"})
Rule = tuple[str, str, Callable[[CitedBehaviour], bool]]
"""Name of the rule, what is claimed, and whether it holds for a behaviour."""


def _liked(behaviour: CitedBehaviour) -> bool:
    explicit = behaviour.kind is BehaviourKind.LIKE or behaviour.value is not None
    return explicit and behaviour.polarity is Polarity.POSITIVE


def word_rules(segment: Sequence[Token]) -> Iterator[Rule]:
    """Yield what the words of a segment claim, aspects aside."""
    words = {t.text for t in segment if t.kind is TokenKind.WORD}
    if words & PEOPLE or any(t.kind is TokenKind.SLOT and t.text.startswith("co") for t in segment):
        yield from _people_rules(words)
    else:
        for word in words & DOINGS.keys():
            yield "kind_claim", word, lambda b, kinds=DOINGS[word]: b.kind in kinds  # type: ignore[misc]
        if words & LIKED or _LIKING.search(" ".join(t.text for t in segment)):
            yield "polarity_claim", "liked", _liked
        if words & LOW:
            yield "polarity_claim", "low", lambda b: b.polarity is Polarity.NEGATIVE
    for deed in named_deeds(segment):
        yield "kind_claim", deed, lambda b, kinds=DEEDS[deed]: b.kind in kinds  # type: ignore[misc]
    if words & SERIES:
        yield "series_claim", "series", lambda b: bool(b.series)
    if words & _MAKERS or any(t.kind is TokenKind.SLOT and t.text.endswith(".creator") for t in segment):
        yield "creator_claim", "creator", lambda b: bool(b.creator)
    if words & CLOSE - ({"near"} if _is_near_the_top(segment) else set()):
        yield "closeness_claim", "close", lambda b: b.close


def named_deeds(tokens: Sequence[Token]) -> list[str]:
    """Return what was done, where a noun says it: "your like for"."""
    return [deed.text for owner, deed in pairwise(tokens) if deed.text in DEEDS and owner.text in DEED_OWNERS]


def _people_rules(words: set[str]) -> Iterator[Rule]:
    yield "people_claim", "people", lambda b: b.co_occurrence is not None
    if words & _LIKED_BY_PEOPLE:
        yield "people_claim", "liked", lambda b: counted_kind(b) is BehaviourKind.LIKE
    if words & LOW:
        yield "people_claim", "low", lambda _: False  # nobody counts who did not like a thing
    for word in words & DOINGS.keys():
        yield "people_claim", word, lambda b, kinds=DOINGS[word]: counted_kind(b) in kinds  # type: ignore[misc]


def _is_near_the_top(segment: Sequence[Token]) -> bool:
    return any([t.text for t in segment[n : n + 3]] == ["near", "the", "top"] for n in range(len(segment)))


def counted_kind(behaviour: CitedBehaviour) -> BehaviourKind | None:
    """Return what the behaviour's count of people counted; None without one."""
    return None if behaviour.co_occurrence is None else behaviour.co_occurrence.kind


def aspect_rules(segment: Sequence[Token]) -> Iterator[Rule]:
    """Yield that each aspect of a segment is shared."""
    for token in segment:
        if token.kind is TokenKind.ASPECT:
            yield "aspect_claim", token.text, lambda b, aspect=token.text: aspect in b.aspects  # type: ignore[misc]
