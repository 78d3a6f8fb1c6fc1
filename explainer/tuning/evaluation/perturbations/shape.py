"""Texts of the wrong shape: cut off, too long, on two lines, saying a thing twice."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from explainer.tuning.evaluation.perturbations.base import ENDS, Case, Good, said

_STOPPED = re.compile(rf"(?<=[\w}}])[{re.escape(ENDS)}]")


def unfinished(good: Good, rng: random.Random) -> Iterator[Case]:
    """Cut the text off at a word, or take its last mark away."""
    gaps = [m.start() for m in re.finditer(" ", good.text)] or [len(good.text) // 2]
    cut = good.text[: rng.choice(gaps)]
    if cut[-1:] and cut[-1] not in ENDS:
        yield from said(good, cut, "cut off")
    yield from said(good, good.text[:-1], "no full stop")
    yield from said(good, good.text[:-1] + rng.choice((",", ";", ":", " and", "...,")), "goes on")


def broken(good: Good, rng: random.Random) -> Iterator[Case]:
    """Put a line break, a tab or a double space where a space was, or spaces at an end."""
    gaps = [m.start() for m in re.finditer(" ", good.text)] or [0]
    at = rng.choice(gaps)
    gap = rng.choice(("\n", "\r\n", "\n\n", "\u2028", "\t", "\x0b", "\x85"))
    yield from said(good, good.text[:at] + gap + good.text[at + 1 :], f"{gap!r} inside")
    edge = rng.choice(("\n", " ", "\t"))
    yield from said(good, edge + good.text if rng.random() < 0.5 else good.text + edge, f"{edge!r} at an end")  # noqa: PLR2004


def repeated(good: Good, rng: random.Random) -> Iterator[Case]:
    """Say a word twice, or everything twice, or go on and on."""
    words = [m for m in re.finditer(r"[^\W\d_]+", good.text) if "{" not in good.text[max(0, m.start() - 1) : m.start()]]
    if words:
        word = rng.choice(words)
        if not re.search(r"\{[^}]*$", good.text[: word.start()]):
            yield from said(good, f"{good.text[: word.end()]} {word[0]}{good.text[word.end() :]}", "a word twice")
    yield from said(good, f"{good.text} {good.text}", "the text twice")
    yield from said(good, " ".join([good.text] * 5), "the text five times")


def halved(good: Good, rng: random.Random) -> Iterator[Case]:
    """Leave out a behaviour or the item: the text no longer says what it must."""
    slots = re.findall(r"\{(?:item|b\d)\}", good.text)
    if slots and good.style.is_customer:
        slot = rng.choice(slots)
        yield from said(good, good.text.replace(slot, "it"), f"without {slot}")
