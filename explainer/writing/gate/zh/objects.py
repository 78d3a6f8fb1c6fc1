"""What is done to what in a segment: 您看过{b1}, 您给{b1}打了{b1.value}, 您打了{b1.value}的{b1}."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explainer.writing.gate.mentions import entity
from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.zh.words import JOINTS, PEOPLE, READER, TAKING, WITH


@dataclass(frozen=True, slots=True)
class Group:
    """Things named side by side: {b1}、{b2}和{item}.

    Attributes:
        start: Index of the first token.
        end: Index after the last.
        names: Slots of the things.
    """

    start: int
    end: int
    names: tuple[str, ...]


def groups(segment: Sequence[Token]) -> list[Group]:
    """Return the things a segment names, in order, those side by side together."""
    found: list[Group] = []
    for index, token in enumerate(segment):
        if (name := entity(token)) is None:
            continue
        last = found[-1] if found else None
        if last and index == last.end + 1 and segment[last.end].text in JOINTS | WITH:
            found[-1] = Group(last.start, index + 1, (*last.names, name))
        else:
            found.append(Group(index, index + 1, (name,)))
    return found


def things(segment: Sequence[Token]) -> tuple[str, ...]:
    """Return the item and the behaviours a segment names."""
    return tuple(name for token in segment if (name := entity(token)))


def objects(segment: Sequence[Token], index: int, earlier: Sequence[str]) -> Sequence[str]:
    """Return what the verb or judgement at an index is about.

    That is what a preposition put before it (给, 对 …), else what comes next, else what came just before, else what
    the segment before named.
    """
    before = [g for g in groups(segment) if g.end <= index]
    after = [g for g in groups(segment) if g.start > index]
    if before and before[-1].start and segment[before[-1].start - 1].text in TAKING:
        return before[-1].names
    if after:
        return after[0].names
    return before[-1].names if before else earlier


def is_of_people(segment: Sequence[Token]) -> bool:
    """Return whether a segment is about other people than the reader."""
    return any(
        (token.kind is TokenKind.WORD and token.text in PEOPLE)
        or (token.kind is TokenKind.SLOT and token.text.startswith(("co", "pop")))
        for token in segment
    )


def is_of_reader(segment: Sequence[Token]) -> bool:
    """Return whether a segment names the reader."""
    return any(token.text in READER for token in segment)
