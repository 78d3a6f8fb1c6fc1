"""Claims: what a segment of a draft says of which behaviour, and whether the evidence says so too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from explainer.evidence import CitedBehaviour, Evidence
from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences
from retriever.data import BehaviourKind, Polarity

_PEOPLE = frozenset({"people", "viewers", "others", "audience", "fans", "many", "company"})
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
_ORDINALS: Mapping[str, int] = {"first": 0, "one": 0, "former": 0, "second": 1, "other": 1, "third": 2, "last": -1}


def _liked(behaviour: CitedBehaviour) -> bool:
    explicit = behaviour.kind is BehaviourKind.LIKE or behaviour.value is not None
    return explicit and behaviour.polarity is Polarity.POSITIVE


def _word_rules(segment: Sequence[Token]) -> Iterator[tuple[str, str, Callable[[CitedBehaviour], bool]]]:
    words = {t.text for t in segment if t.kind is TokenKind.WORD}
    for word in words & _KINDS.keys():
        kind = _KINDS[word]
        yield "kind_claim", word, lambda b, kind=kind: b.kind is kind  # type: ignore[misc]
    if words & _PEOPLE:
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
    order = _first_mentions(tokens, cited)
    for sentence in sentences(tokens):
        inside = _named(sentence, order) or order
        previous: str | None = None
        for segment in segments(sentence):
            named = _named(segment, order)
            yield from _unsupported(segment, [cited[s] for s in named], [cited[s] for s in inside])
            yield from _wrong_counts(segment, named, previous or (inside[0] if len(inside) == 1 else None))
            previous = named[-1] if named else previous


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


def _wrong_counts(segment: Sequence[Token], named: Sequence[str], previous: str | None) -> Iterator[str]:
    slots = [t.text for t in segment if t.kind is TokenKind.SLOT and t.text.startswith("co")]
    owners = {slot.split(".")[0].replace("co", "b") for slot in slots}
    about = set(named) if named else {previous} if previous else set()
    if owners and owners != about:
        yield f"count_claim: {', '.join(slots)}"
    parts = [slot.split(".")[1] for slot in slots]
    if parts[:2] == ["m", "n"] and _reads_as_share(segment, slots):
        yield f"count_claim: {slots[0]} of {slots[1]}"


def _reads_as_share(segment: Sequence[Token], slots: Sequence[str]) -> bool:
    texts = [t.text for t in segment]
    return "of" in texts[texts.index(slots[0]) : texts.index(slots[1])]


def _first_mentions(tokens: Sequence[Token], cited: Mapping[str, CitedBehaviour]) -> list[str]:
    return list(dict.fromkeys(t.text for t in tokens if t.kind is TokenKind.SLOT and t.text in cited))


def _named(tokens: Sequence[Token], order: Sequence[str]) -> list[str]:
    """Return the behaviours these tokens name, by slot or by order of first mention."""
    if len(order) == 1:
        return list(order) if any(t.text == order[0] for t in tokens) else []
    named: list[str] = []
    for index, token in enumerate(tokens):
        slot = token.text.split(".")[0] if token.kind is TokenKind.SLOT else None
        if slot in order:
            named.append(str(slot))
        elif token.kind is TokenKind.WORD and token.text in _ORDINALS:
            after = tokens[index + 1].text if index + 1 < len(tokens) else ""
            named.extend(_by_order(token.text, after, order))
    return list(dict.fromkeys(named))


def _by_order(ordinal: str, after: str, order: Sequence[str]) -> Sequence[str]:
    position = _ORDINALS[ordinal]
    if after == "two":
        return order[:2] if position == 0 else order[-2:]
    return order[position : position + 1] if position >= 0 else order[-1:]
