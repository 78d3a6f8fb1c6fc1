"""A rating that is said of one behaviour and meant of the next one too: 给{b1}打了{b1.value}，{b2}也一样."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.zh.objects import is_of_people, things
from explainer.writing.gate.zh.tokens import segments, sentences
from explainer.writing.gate.zh.words import CLOSE, DOINGS, LIKED, LOW, SERIES
from explainer.writing.ratings import are_rated_alike
from retriever.data import BehaviourKind

_RATING = ".value"
_OTHER_DEEDS = frozenset(word for word, kinds in DOINGS.items() if kinds != {BehaviourKind.RATING})
_SAYS_MORE = _OTHER_DEEDS | LIKED | LOW | SERIES | CLOSE


def carried_over(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``misattached: rating`` for every rating that is meant of a behaviour rated otherwise, or not at all."""
    for sentence in sentences(tokens):
        carried: tuple[str, ...] = ()
        for segment in segments(sentence):
            rated = tuple(t.text.removesuffix(_RATING) for t in segment if _is_rating(t))
            named = things(segment)
            if rated or _says_more(segment):
                carried = rated
            elif carried and named and not are_rated_alike([*carried, *named], evidence):
                yield f"misattached: {carried[-1]}{_RATING}"


def _says_more(segment: Sequence[Token]) -> bool:
    """Return whether a segment has a deed or a link of its own, or is of the item or of other people."""
    own = any(t.kind is TokenKind.ASPECT or t.text in _SAYS_MORE for t in segment)
    return own or "item" in things(segment) or is_of_people(segment)


def _is_rating(token: Token) -> bool:
    return token.kind is TokenKind.SLOT and token.text[0] == "b" and token.text.endswith(_RATING)
