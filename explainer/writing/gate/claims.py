"""Claims: what a segment of a draft says of which behaviour, and whether the evidence says so too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from explainer.evidence import CitedBehaviour, Evidence
from explainer.writing.gate.attachments import ORDINALS, PEOPLE, Mentions
from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences
from retriever.data import BehaviourKind, Polarity

_CLOSE = frozenset({"spirit", "theme", "relative", "relatives", "near", "nearest", "similar"})
_LIKED = frozenset({"liked", "likes", "liking", "enjoyed", "highly", "high", "good", "taste"})
_KINDS: Mapping[str, BehaviourKind] = {
    "gave": BehaviourKind.RATING,
    "rated": BehaviourKind.RATING,
    "rating": BehaviourKind.RATING,
    "marks": BehaviourKind.RATING,
    "watched": BehaviourKind.VIEW,
    "bought": BehaviourKind.PURCHASE,
    "reviewed": BehaviourKind.REVIEW,
    "review": BehaviourKind.REVIEW,
}


def _liked(behaviour: CitedBehaviour) -> bool:
    explicit = behaviour.kind is BehaviourKind.LIKE or behaviour.value is not None
    return explicit and behaviour.polarity is Polarity.POSITIVE


def _word_rules(segment: Sequence[Token]) -> Iterator[tuple[str, str, Callable[[CitedBehaviour], bool]]]:
    words = {t.text for t in segment if t.kind is TokenKind.WORD}
    for word in words & _KINDS.keys():
        kind = _KINDS[word]
        yield "kind_claim", word, lambda b, kind=kind: b.kind is kind  # type: ignore[misc]
    if words & PEOPLE:
        yield "people_claim", "people", lambda b: b.co_occurrence is not None
    elif words & _LIKED:
        yield "polarity_claim", "liked", _liked
    if words & _CLOSE:
        yield "closeness_claim", "close", lambda b: b.close


def _aspect_rules(segment: Sequence[Token]) -> Iterator[tuple[str, str, Callable[[CitedBehaviour], bool]]]:
    for token in segment:
        if token.kind is TokenKind.ASPECT:
            yield "aspect_claim", token.text, lambda b, aspect=token.text: aspect in b.aspects  # type: ignore[misc]


def false_claims(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``rule: what`` for every claim that the evidence does not support.

    A claim is about the behaviours named in its segment ("the horror of {b1}"), by slot or by order ("the second").
    Where a segment names none, an aspect is claimed of every behaviour its sentence cites, and a word such as
    "watched" of at least one of them.
    """
    cited = {b.slot: b for b in evidence.behaviours}
    mentions = Mentions.of(tokens)
    for sentence in sentences(tokens):
        inside = _named(sentence, mentions) or mentions.order
        for segment in segments(sentence):
            named = _named(segment, mentions)
            yield from _unsupported(segment, [cited[s] for s in named], [cited[s] for s in inside])


def _unsupported(
    segment: Sequence[Token], named: Sequence[CitedBehaviour], inside: Sequence[CitedBehaviour]
) -> Iterator[str]:
    for rule, what, holds in _aspect_rules(segment):
        if not all(holds(b) for b in named or inside):
            yield f"{rule}: {what}"
    for rule, what, holds in _word_rules(segment):
        # "people who liked it" is about one behaviour even where the segment names two.
        every = bool(named) and rule not in {"people_claim", "closeness_claim"}
        if not (all if every else any)(holds(b) for b in named or inside):
            yield f"{rule}: {what}"


def _named(tokens: Sequence[Token], mentions: Mentions) -> list[str]:
    """Return the behaviours these tokens name, by slot or by order of first mention."""
    named: list[str] = []
    for index, token in enumerate(tokens):
        if token.kind is TokenKind.SLOT and token.text.split(".")[0] in mentions.order:
            named.append(token.text.split(".")[0])
        elif token.kind is TokenKind.WORD and token.text in ORDINALS:
            following = tokens[index + 1].text if index + 1 < len(tokens) else ""
            named.extend(mentions.by_ordinal(token.text, following))
    return list(dict.fromkeys(named))
