"""Who did what to which: "you gave", a rating and a count must each be attached to the right behaviour.

"Dark City is a film you liked" has no wrong word in it and is still a lie when the user never met Dark City.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.writing.gate.acts import misdone
from explainer.writing.gate.counts import misquoted
from explainer.writing.gate.mentions import Mentions, entity, without_asides
from explainer.writing.gate.tokens import Token, TokenKind, segments, sentences
from explainer.writing.gate.words import ORDINALS

_EVERY = frozenset({"all", "both", "each", "them"})


def misattached(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield ``rule: what`` for every action, rating and count that is attached to the wrong thing."""
    mentions = Mentions.of(tokens)
    last: str | None = None
    group: Sequence[str] = ()
    for told in sentences(tokens):
        sentence = without_asides(told)
        yield from misquoted(sentence, mentions, last)
        yield from misdone(sentence, mentions, last)
        for segment in segments(sentence):
            named = [name for token in segment if (name := entity(token))]
            for figure in (".value", ".share"):
                yield from _figures(segment, figure, named, group, mentions)
            group = named or group
            last = named[-1] if named else last


def _figures(
    segment: Sequence[Token], figure: str, named: Sequence[str], group: Sequence[str], mentions: Mentions
) -> Iterator[str]:
    """Ratings and shares belong to the behaviours named beside them, or just before, or to all: each, in order."""
    is_figure = [t.kind is TokenKind.SLOT and t.text.endswith(figure) and t.text[0] == "b" for t in segment]
    owners = [t.text.split(".")[0] for t, found in zip(segment, is_figure, strict=True) if found]
    if not owners or any(t.text in ORDINALS for t in segment):
        return  # claims by order are checked where ordinals are resolved
    beside = [n for n, found in enumerate(is_figure) if found and _is_beside(segment, n)]
    if len(beside) == len(owners):
        return
    about = list(dict.fromkeys(name for name in named if name != "item")) or [n for n in group if n != "item"]
    if not named and _EVERY & {t.text for t in segment}:
        about = list(mentions.order)  # "you rated all three", and not the last one only
    if owners not in (about, list(mentions.order)) or (not named and group[-1:] == ["item"]):
        yield f"misattached: {owners[0]}{figure}"


def _is_beside(segment: Sequence[Token], index: int) -> bool:
    """Return whether a figure stands right after its behaviour, and no other one is named together with that."""
    joined = index > 2 and entity(segment[index - 3]) and segment[index - 2].text in {"and", ","}  # noqa: PLR2004
    return segment[index - 1].text == _owner(segment[index]) and not joined


def _owner(token: Token) -> str:
    return token.text.split(".", maxsplit=1)[0]
