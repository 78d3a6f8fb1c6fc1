"""Which items and behaviours a text names, and what "the first" or "the last two" then means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.words import ORDINALS


@dataclass(frozen=True, slots=True)
class Mentions:
    """The entities of a text: ``item`` and the cited behaviours, in order of first mention.

    Attributes:
        order: Slots of behaviours in order of first mention.
    """

    order: tuple[str, ...]

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> Mentions:
        """Return the mentions of a text."""
        return cls(tuple(dict.fromkeys(t.text for t in tokens if is_behaviour(t))))

    def by_ordinal(self, word: str, following: str) -> Sequence[str]:
        """Return what "the second" or "the first two" names."""
        position = ORDINALS[word]
        if len(self.order) == 1:
            return self.order if word in {"first", "one"} else ()
        if following == "two":
            return self.order[:2] if position == 0 else self.order[-2:]
        return self.order[position : position + 1] if position >= 0 else self.order[-1:]


def entity(token: Token) -> str | None:
    """Return the slot of the item or behaviour a token names, else None."""
    if token.kind is TokenKind.SLOT and (token.text == "item" or is_behaviour(token)):
        return token.text
    return None


def is_behaviour(token: Token) -> bool:
    """Return whether a token names a behaviour."""
    return token.kind is TokenKind.SLOT and token.text[0] == "b" and "." not in token.text


def without_asides(sentence: Sequence[Token]) -> list[Token]:
    """Return the sentence without ", as you did," behind a behaviour: the reader's act is what its count is of."""
    kept: list[Token] = []
    index = 0
    while index < len(sentence):
        texts = [t.text for t in sentence[index : index + 5]]
        aside = texts[:4] == [",", "as", "you", "did"] and texts[4:] in ([], [","])
        if aside and kept and is_behaviour(kept[-1]):
            index += 5
        else:
            kept.append(sentence[index])
            index += 1
    return kept
