"""What a perturbation is: a text that was true of its evidence, changed in one respect so that it is true no more.

A change is made either in the text or, where that is the surer way, in the evidence that the text relies on. Whether
the result is false is decided here by how the change is built, never by asking the gate.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from explainer.evidence import Evidence
from explainer.writing.style import Style

ENDS = ".!?\u3002\uff01\uff1f"
_PAUSE = re.compile(r"[,;\uff0c\uff1b](?!\d)")


@dataclass(frozen=True, slots=True)
class Good:
    """A true text with its evidence.

    Attributes:
        text: The draft, with slots.
        evidence: What it is true of.
        style: Reader and language.
        origin: Where it is from: the id of an example, or ``template``.
    """

    text: str
    evidence: Evidence
    style: Style
    origin: str


@dataclass(frozen=True, slots=True)
class Case:
    """A text that must be refused.

    Attributes:
        text: The draft.
        evidence: The facts it is held against.
        style: Reader and language.
        origin: Whence it was made.
        change: What was changed, in a few words.
    """

    text: str
    evidence: Evidence
    style: Style
    origin: str
    change: str


Change = Callable[[Good, random.Random], Iterator[Case]]
"""Yields the cases that a text gives rise to; none where the change would leave it true."""


def said(good: Good, text: str, change: str) -> Iterator[Case]:
    """Yield the case in which the text is changed; nothing where it came out the same."""
    if text != good.text:
        yield Case(text, good.evidence, good.style, good.origin, change)


def held_against(good: Good, evidence: Evidence, change: str) -> Case:
    """Return the case in which the text stays and the facts are others."""
    return Case(good.text, evidence, good.style, good.origin, change)


def ended(text: str, tail: str) -> str:
    """Return the text with something more before its last mark: a clause such as ", and it is on sale"."""
    return f"{text[:-1]}{tail}{text[-1]}" if text[-1:] and text[-1] in ENDS else text + tail


def interrupted(text: str, tail: str) -> str:
    """Return the text with something more before its first pause; as it is where there is none."""
    found = _PAUSE.search(text)
    return text if found is None else f"{text[: found.start()]}{tail}{text[found.start() :]}"


def with_text(good: Good, text: str) -> Good:
    """Return the same with another text."""
    return replace(good, text=text)
