"""Where slots for a time, a series or a maker may stand: in the few places where what they say is sure to be true.

Each has the one phrase that corpus and templates use, and every other place is refused until someone needs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences
from explainer.writing.gate.words import DOINGS, PEOPLE, READER

_LIKING = frozenset({"liked"})
_MORE = ("more", "of", "the", "series")


def misplaced(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield ``misplaced: slot`` for every such slot outside of its phrase."""
    acts = frozenset(DOINGS) | _LIKING
    for sentence in sentences(tokens):
        for index, token in enumerate(sentence):
            if token.kind is TokenKind.SLOT and not _fits(sentence, index, acts):
                yield f"misplaced: {token.text}"
        for segment in segments(sentence):
            yield from _made_by(segment)


def _fits(sentence: Sequence[Token], index: int, acts: frozenset[str]) -> bool:
    slot, _, what = sentence[index].text.partition(".")
    before = [t.text for t in sentence[:index]]
    after = tuple(t.text for t in sentence[index + 1 : index + 1 + len(_MORE)])
    if what == "when":
        return _was_done(before, acts) and before[-1] in {slot, f"{slot}.value"}
    if what == "more":
        named = before[-2:-1] in ([slot], [f"{slot}.value"])
        return _was_done(before, acts) and before[-1] == "and" and named and after == _MORE
    if what == "series":
        return before[-1:] == ["the"] and after[:1] == ("series",)
    return what != "creator" or before[-1:] == ["by"]


def _was_done(before: Sequence[str], acts: frozenset[str]) -> bool:
    """Return whether the words so far tell what the reader did, and nothing of other people."""
    texts = set(before)
    others = PEOPLE & texts or any(text.startswith("co") and "." in text for text in before)
    return bool(READER & texts and acts & texts) and not others and "item" not in _since_act(before, acts)


def _since_act(before: Sequence[str], acts: frozenset[str]) -> Sequence[str]:
    last = max(n for n, text in enumerate(before) if text in acts)
    return before[last:]


def _made_by(segment: Sequence[Token]) -> Iterator[str]:
    """The maker is said of the item: it stands in the same segment, before the name."""
    for index, token in enumerate(segment):
        is_maker = token.kind is TokenKind.SLOT and token.text.endswith(".creator")
        if is_maker and all(t.text not in {"item", "it"} for t in segment[:index]):
            yield f"misplaced: {token.text}"
