"""Words and numbers on a picture: safe in XML, short enough for their place, whole where there is room."""

from __future__ import annotations

import math
import re
import unicodedata

from explainer.writing.slots import display_title

# Everything that XML 1.0 cannot hold, not even escaped: lone surrogates and two non-characters of Unicode.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MINUS = "\u2212"
_DIGITS = 2
_PLAIN = range(-5, 8)  # powers of ten that are written out; beyond them 1.2e-09 is the shorter word


def clean(label: str) -> str:
    """Return the whole label on one line, with nothing in it that XML forbids."""
    return display_title(_NOT_XML.sub("\ufffd", label)) or "(no title)"


def shortened(label: str, columns: int) -> str:
    """Return the label on one line of at most so many columns, marked as cut; CJK takes two columns a letter."""
    whole = " ".join(clean(label).split())
    if _columns(whole) <= columns:
        return whole
    kept, room = 0, columns - 1.0
    while kept < len(whole) and (room := room - _width(whole[kept])) >= 0:
        kept += 1
    # The cut may have lost the mark that ends a right-to-left run: clean again, so that it ends inside the label.
    return clean(whole[:kept].rstrip(" ,;:.-\u2013") + "\u2026")


def _columns(text: str) -> float:
    return sum(map(_width, text))


def _width(character: str) -> float:
    """Return about how wide a letter is, an "a" being 1: no font is at hand to measure it by."""
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 2.0
    if character in "MWmw@%":
        return 1.7
    return 1.3 if character.isupper() else 1.0


class Numbers:
    """Writes the numbers of one picture, all with as many decimals as its range needs.

    Args:
        span: Largest value minus smallest, at least 0.
    """

    def __init__(self, span: float) -> None:
        power = math.floor(math.log10(span)) if span > 0 else 0
        self._format = f".{max(0, _DIGITS - power)}f" if power in _PLAIN else f".{_DIGITS}e"

    def plain(self, value: float) -> str:
        """Return a score."""
        return format(value, self._format).replace("-", _MINUS)

    def signed(self, value: float) -> str:
        """Return a contribution, its sign always written; 0 has none."""
        return format(value, "+" + self._format).replace("-", _MINUS) if value else "0"
