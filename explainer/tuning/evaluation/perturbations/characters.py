"""Characters that nobody sees, that reorder what follows, or that only look like letters."""

from __future__ import annotations

import random
from collections.abc import Iterator

from explainer.tuning.evaluation.perturbations.base import Case, Change, Good, said

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\u2061\U000e0041\ufe0f\u3164"
BIDI = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Unicode confusables (UTS #39): Cyrillic, Greek, Kelvin sign, long s, dotless i, fullwidth and mathematical letters.
_CONFUSABLE = {
    "a": "\u0430\u03b1\uff41\U0001d41a", "c": "\u0441\u03f2\uff43", "e": "\u0435\uff45\u212f",
    "i": "\u0456\u0131\u03b9\uff49\u0130",
    "k": "\u212a\u043a\uff4b", "o": "\u043e\u03bf\uff4f\u00ba", "p": "\u0440\u03c1\uff50", "s": "\u017f\u0455\uff53",
    "x": "\u0445\u03c7\uff58",
    "y": "\u0443\uff59", "u": "\u03c5\uff55", "m": "\uff4d\u043c", "t": "\u0442\uff54", "n": "\uff4e\u0578",
    "h": "\u04bb\uff48", "r": "\uff52\u0433",
    "d": "\uff44\u0501", "l": "\u2113\uff4c\u04cf", "w": "\uff57\u0461", "b": "\uff42\u0184", "f": "\uff46\u0192",
    "g": "\uff47\u0261", "v": "\uff56\u03bd",
    ",": "\uff0c\u201a", ".": "\uff0e\u2024", ":": "\uff1a\u02d0", ";": "\uff1b\u037e", "{": "\uff5b", "}": "\uff5d",
    " ": "\u00a0\u2009\u3000",
    "1": "\uff11\u0661", "2": "\uff12\u0662", "3": "\uff13\u0663", "-": "\u2010\u2011\u2212", "'": "\u02bc\u2032",
}  # fmt: skip


def inserted(characters: str) -> Change:
    """Return the change that puts one of the characters anywhere: in a word, in a slot, at an end."""

    def change(good: Good, rng: random.Random) -> Iterator[Case]:
        for _ in range(2):
            character, at = rng.choice(characters), rng.randrange(len(good.text) + 1)
            yield from said(good, good.text[:at] + character + good.text[at:], f"U+{ord(character):04X} at {at}")

    return change


def confused(good: Good, rng: random.Random) -> Iterator[Case]:
    """Exchange a character for one that looks like it: one anywhere, and one inside an aspect."""
    everywhere = [n for n, c in enumerate(good.text) if c.lower() in _CONFUSABLE]
    lower = good.text.lower()
    in_aspects = [
        n for a in good.evidence.aspects if (at := lower.find(a.lower())) >= 0 for n in range(at, at + len(a))
    ]
    for places in (everywhere, [n for n in in_aspects if n in set(everywhere)]):
        if places:
            at = rng.choice(places)
            other = rng.choice(_CONFUSABLE[good.text[at].lower()])
            yield from said(
                good, good.text[:at] + other + good.text[at + 1 :], f"U+{ord(other):04X} for {good.text[at]!r}"
            )
