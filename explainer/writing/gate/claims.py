"""Claims: what a segment of a draft says of which behaviour, and whether the evidence says so too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from explainer.evidence import CitedBehaviour, Evidence, SharedAspect
from explainer.writing.gate.mentions import Mentions, entity, without_asides
from explainer.writing.gate.rules import Rule, aspect_rules, counted_kind, word_rules
from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences
from explainer.writing.gate.words import (
    BECAUSE,
    CONTRAST,
    LIKED,
    LOW,
    ORDINALS,
    PEOPLE,
    READER,
    nouns_of,
)
from retriever.data import AspectSource, BehaviourKind, Polarity

_IS = frozenset({"a", "an", "another", "is", "are", "both", "all", "two", "three"})
_LIKENESS = frozenset(
    {"too", "also", "well", "like", "as", "same", "share", "shares", "another", "more", "again", "it"}
)
_EVERY = frozenset({"both", "all", "each", "them"})
_AS_IT = frozenset({"like", "as", "with"})
# A segment of such words alone says of its behaviour what was said before: "…, and with {b2} as well".
_ELLIPTIC = frozenset({
    "and", "are", "as", "do", "does", "from", "has", "have", "in", "is", "it", "like", "of", "so", "too", "also",
    "well", "with",
})  # fmt: skip
_PAIR = 2
_SPEAKS = frozenset({"speak", "speaks", "spoke"})
_OF_ALL = frozenset({"aspect_claim", "series_claim", "creator_claim"})
_LINKS = _OF_ALL | {"people_claim", "closeness_claim"}


def _liking_of_others(sentence: Sequence[Token], cited: Sequence[CitedBehaviour]) -> Iterator[str]:
    """Nobody is said to like what people were only counted to have bought or read."""
    counted = {counted_kind(b) for b in cited} - {None}
    if not counted or BehaviourKind.LIKE in counted:
        return
    of_reader = False
    for segment in segments(sentence):
        words = [t.text for t in segment if t.kind is TokenKind.WORD]
        # "You opened {b1}, and liked {b2}": who did it is said once.
        if READER & set(words):
            of_reader = True
        elif PEOPLE & set(words) or any(t.text.startswith("co") and "." in t.text for t in segment):
            of_reader = False
        tends = ("to", "like") in pairwise(words)
        if not of_reader and (tends or LIKED & set(words)):
            yield "people_claim: liked"


def _praised(sentence: Sequence[Token], cited: Mapping[str, CitedBehaviour]) -> Iterator[str]:
    """A low rating is never told as if it spoke for the item: its sentence says "low", "yet", "against" or the like."""
    words = {t.text for t in sentence}
    if words & (LOW | CONTRAST) and not _speaks_for(sentence, cited):
        return
    for token in sentence:
        behaviour = cited.get(token.text) if token.kind is TokenKind.SLOT else None
        if behaviour is not None and behaviour.polarity is Polarity.NEGATIVE:
            yield f"polarity_hidden: {token.text}"


def _speaks_for(sentence: Sequence[Token], cited: Mapping[str, CitedBehaviour]) -> bool:
    """Return whether a low rating is said to speak for the item, against all other words of the sentence."""
    nearest: CitedBehaviour | None = None
    for token, after in pairwise(sentence):
        if token.kind is TokenKind.SLOT:
            nearest = cited.get(token.text, nearest)
        elif token.text in _SPEAKS and after.text == "for" and nearest is not None:
            return nearest.polarity is Polarity.NEGATIVE
    return False


def _motives(sentence: Sequence[Token]) -> Iterator[str]:
    """Why people did something is nobody's knowledge: no "because" after "who" in a clause."""
    for segment in segments(sentence):
        words = [t.text for t in segment]
        if "who" in words and BECAUSE & set(words[words.index("who") :]):
            yield "motive: because"


def _things_as_kinds(sentence: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """A phrase from a title is not what the item is: "an Xbox 360 product", but not "a Game Boy"."""
    shared = [r for b in evidence.behaviours for r in b.reasons if isinstance(r, SharedAspect)]
    phrases = {r.aspect for r in shared if r.source is not AspectSource.CATALOGUE}
    nouns = nouns_of(evidence.domain)
    for index, token in enumerate(sentence):
        if token.kind is TokenKind.ASPECT and token.text in phrases and index and sentence[index - 1].text in _IS:
            following = sentence[index + 1].text if index + 1 < len(sentence) else ""
            if following not in nouns:
                yield f"not_a_kind: {token.text}"


def false_claims(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``rule: what`` for every claim that the evidence does not support.

    A claim is about the behaviours named in its segment ("the horror of {b1}"), by slot or by order ("the second").
    Where a segment names none, an aspect is claimed of every behaviour its sentence cites, and a word such as
    "watched" of at least one of them.
    """
    cited = {b.slot: b for b in evidence.behaviours}
    if not _tells_link(tokens):
        yield "says_nothing: of what links them"
    mentions = Mentions.of(tokens)
    owned = _owned_aspects(tokens, mentions)
    before: list[str] = []
    so_far: list[str] = []
    last: str | None = None
    for told in sentences(tokens):
        sentence = without_asides(told)
        carried: list[Rule] = []
        inside = _named(sentence, mentions) or mentions.order
        yield from _liking_of_others(sentence, evidence.behaviours)
        yield from _motives(sentence)
        yield from _things_as_kinds(sentence, evidence)
        yield from _praised(sentence, cited)
        for segment in segments(sentence):
            named = _named(segment, mentions)
            meant = [] if named else _meant(segment, before)
            pair = [] if named else _both_of(segment, so_far)
            before = named or before
            so_far = list(dict.fromkeys([*so_far, *named]))
            if _is_elliptic(segment) and named:
                yield from _unsupported(carried, [cited[s] for s in named], [])
            carried = list(aspect_rules(segment)) or carried
            aspects = list(aspect_rules(segment))
            if not named and _is_of_item(segment, last):
                # Every aspect is the item's; whose else it is has been said.
                aspects = [rule for rule in aspects if rule[1] not in owned]
            last = next((name for t in reversed(segment) if (name := entity(t))), last)
            rules = [*aspects, *word_rules(segment)]
            if meant:
                yield from _unsupported(list(aspect_rules(segment)), [cited[s] for s in meant], [])
            # "you liked all three" names none and means every one.
            named = named or pair or [*(inside if _EVERY & {t.text for t in segment} else ())]
            yield from _unsupported(rules, [cited[s] for s in named], [cited[s] for s in inside])


def _tells_link(tokens: Sequence[Token]) -> bool:
    """Return whether a text tells how a behaviour and the item go together, or what share it had in the ranking."""
    if any(t.kind is TokenKind.SLOT and t.text.endswith(".share") for t in tokens):
        return True
    parts = (segment for sentence in sentences(tokens) for segment in segments(sentence))
    return any(rule in _LINKS for part in parts for rule, _, _ in (*aspect_rules(part), *word_rules(part)))


def _owned_aspects(tokens: Sequence[Token], mentions: Mentions) -> set[str]:
    """Return the aspects that the text says of behaviours which it names beside them."""
    parts = (segment for sentence in sentences(tokens) for segment in segments(without_asides(sentence)))
    return {t.text for part in parts if _named(part, mentions) for t in part if t.kind is TokenKind.ASPECT}


def _is_of_item(segment: Sequence[Token], last: str | None) -> bool:
    """Return whether a segment that names no behaviour speaks of the item, and does not say that it is like others."""
    named = any(entity(t) == "item" for t in segment) or last == "item"
    return named and not _LIKENESS & {t.text for t in segment}


def _is_elliptic(segment: Sequence[Token]) -> bool:
    """Return whether a segment names behaviours and says nothing of its own."""
    said = [t for t in segment if entity(t) is None]
    return any(t.text != "and" for t in said) and all(t.kind is TokenKind.WORD and t.text in _ELLIPTIC for t in said)


def _meant(segment: Sequence[Token], before: Sequence[str]) -> list[str]:
    """Return what "it" in "a drama like it" means: the behaviour named last."""
    compares = any(a.text in _AS_IT and b.text == "it" for a, b in pairwise(segment))
    return [*before[-1:]] if compares else []


def _both_of(segment: Sequence[Token], so_far: Sequence[str]) -> list[str]:
    """Return what "both" in "a drama like both" means where just two were named: these, whatever comes after."""
    compares = any(a.text in _AS_IT | {"to"} and b.text == "both" for a, b in pairwise(segment))
    return [*so_far] if compares and len(so_far) == _PAIR else []


def _unsupported(
    rules: Sequence[Rule], named: Sequence[CitedBehaviour], inside: Sequence[CitedBehaviour]
) -> Iterator[str]:
    for rule, what, holds in rules:
        # An aspect, a series or a maker is claimed of all behaviours in reach; "people who liked it" is about one even
        # where two are named.
        every = rule in _OF_ALL or (bool(named) and rule not in {"people_claim", "closeness_claim"})
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
