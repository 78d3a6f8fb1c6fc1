"""What a Chinese draft says of which behaviour, and whether the evidence says so too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from explainer.evidence import CitedBehaviour, Evidence, SharedAspect
from explainer.writing.gate.mentions import entity
from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.zh.objects import is_of_people, objects, things
from explainer.writing.gate.zh.tokens import segments, sentences
from explainer.writing.gate.zh.words import (
    CAUSES,
    CLOSE,
    CONTRAST,
    DOINGS,
    JOINTS,
    LIKED,
    LOW,
    MENTIONS,
    SERIES,
    SPEAKERS,
    WITH,
)
from retriever.data import AspectSource, BehaviourKind, Polarity

_JUDGED = "polarity_claim"


def false_claims(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``rule: what`` for every claim that the evidence does not support.

    Args:
        tokens: The draft.
        evidence: The facts, with aspects in the draft's language (:func:`explainer.writing.glossary.told_in`).
    """
    cited = {b.slot: b for b in evidence.behaviours}
    if not any(_is_link(token) for token in tokens):
        yield "says_nothing: of what links them"
    mentioned = _cited_in(tokens, cited)
    earlier: Sequence[str] = ()
    for sentence in sentences(tokens):
        inside = _cited_in(sentence, cited) or mentioned
        yield from _praised(sentence, cited)
        yield from _turned_round(sentence)
        for segment in segments(sentence):
            named = _cited_in(segment, cited) or inside
            yield from _links(segment, [cited[slot] for slot in named])
            yield from _as_kinds(segment, evidence)
            if is_of_people(segment):
                yield from _of_people(segment)
            else:
                yield from _deeds(segment, earlier, cited)
            earlier = things(segment) or earlier


def _cited_in(tokens: Sequence[Token], cited: Mapping[str, CitedBehaviour]) -> list[str]:
    """Return the behaviours that tokens name, by slot or by a slot of theirs, in order."""
    named = (t.text.split(".")[0].replace("co", "b") for t in tokens if t.kind is TokenKind.SLOT)
    return [slot for slot in dict.fromkeys(named) if slot in cited]


def _is_link(token: Token) -> bool:
    """Return whether a token tells how a behaviour and the item go together, or what share it had in the ranking."""
    if token.kind is TokenKind.SLOT:
        return token.text.startswith("co") or token.text.endswith((".creator", ".share"))
    return token.kind is TokenKind.ASPECT or token.text in SERIES | CLOSE


def _links(segment: Sequence[Token], about: Sequence[CitedBehaviour]) -> Iterator[str]:
    """An aspect, a series, a maker and closeness are claimed of all behaviours that the segment names."""
    for rule, what, holds in _link_rules(segment):
        if not about or not all(holds(b) for b in about):
            yield f"{rule}: {what}"


def _link_rules(segment: Sequence[Token]) -> Iterator[tuple[str, str, Callable[[CitedBehaviour], bool]]]:
    for token in segment:
        if token.kind is TokenKind.ASPECT:
            yield "aspect_claim", token.text, lambda b, aspect=token.text: aspect in b.aspects  # type: ignore[misc]
        elif token.kind is TokenKind.SLOT and token.text.endswith(".creator"):
            yield "creator_claim", "creator", lambda b: bool(b.creator)
        elif token.text in SERIES:
            yield "series_claim", token.text, lambda b: bool(b.series)
        elif token.text in CLOSE:
            yield "closeness_claim", token.text, lambda b: b.close


def _as_kinds(segment: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """A phrase from a title or a text is not what the item is: the segment says where it stands."""
    shared = [r for b in evidence.behaviours for r in b.reasons if isinstance(r, SharedAspect)]
    filed = {r.aspect for r in shared if r.source is AspectSource.CATALOGUE}
    words = {t.text for t in segment}
    for token in segment:
        if token.kind is TokenKind.ASPECT and token.text not in filed and not words & MENTIONS:
            yield f"not_a_kind: {token.text}"


def _deeds(segment: Sequence[Token], earlier: Sequence[str], cited: Mapping[str, CitedBehaviour]) -> Iterator[str]:
    """What the reader did, liked or rated low is true of what it is said of; nothing was done to the item yet."""
    by_others = any(t.text in SPEAKERS for t in segment)
    for index, token in enumerate(segment):
        for rule, holds in _deed_rules(token):
            about = objects(segment, index, earlier)
            if by_others or not about or not all(slot in cited for slot in about):
                yield f"misattached: {token.text}"
            elif not all(holds(cited[slot]) for slot in about):
                yield f"{rule}: {token.text}"


def _deed_rules(token: Token) -> Iterator[tuple[str, Callable[[CitedBehaviour], bool]]]:
    if token.kind is not TokenKind.WORD:
        return
    if (kinds := DOINGS.get(token.text)) is not None:
        yield "kind_claim", lambda b: b.kind in kinds
    if token.text in LIKED:
        yield _JUDGED, is_liked
    if token.text in LOW:
        yield _JUDGED, lambda b: b.polarity is Polarity.NEGATIVE


def is_liked(behaviour: CitedBehaviour) -> bool:
    """Return whether the reader said that they liked it: by a like or a good rating."""
    said = behaviour.kind is BehaviourKind.LIKE or behaviour.value is not None
    return said and behaviour.polarity is Polarity.POSITIVE


def _of_people(segment: Sequence[Token]) -> Iterator[str]:
    """Of other people only counts are told, and never why they did it."""
    texts = {t.text for t in segment}
    if not any(text.startswith(("co", "pop.")) and "." in text for text in texts):
        yield "people_claim: people"
    if causes := texts & CAUSES:
        yield f"motive: {min(causes)}"


def _praised(sentence: Sequence[Token], cited: Mapping[str, CitedBehaviour]) -> Iterator[str]:
    """A low rating never speaks for the item: its sentence says that it is low, or has 但 or 尽管; it is no cause."""
    words = {t.text for t in sentence}
    for slot in _cited_in(sentence, cited):
        if cited[slot].polarity is not Polarity.NEGATIVE:
            continue
        if not words & (LOW | CONTRAST):
            yield f"polarity_hidden: {slot}"
        if words & CAUSES and not words & CONTRAST:
            yield f"unproven_cause: {slot}"


def _turned_round(sentence: Sequence[Token]) -> Iterator[str]:
    """What is compared is the item, with a behaviour: after {b1}与{item}, what follows would be said of b1."""
    for first, second, third in zip(sentence, sentence[1:], sentence[2:], strict=False):
        behaviour = entity(first) not in {None, "item"}
        if behaviour and second.text in JOINTS | WITH and entity(third) == "item":
            yield f"turned_round: {first.text}"
        if entity(first) == "item" and second.text == "的" and third.kind is TokenKind.ASPECT:
            yield f"turned_round: {third.text}"
