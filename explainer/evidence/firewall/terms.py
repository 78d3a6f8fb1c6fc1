"""Terms in a text: whole words where the script has words, whatever case, hyphens and apostrophes it has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import groupby

_NEVER = re.compile(r"(?!)")


def plain(text: str) -> str:
    """Return the text as terms are compared with it."""
    return unicodedata.normalize("NFKC", text).casefold().replace("-", " ").replace("\u2019", "'")


def pattern_of(terms: Collection[str]) -> re.Pattern[str]:
    """Return what finds any of the terms in a :func:`plain` text; a plural "s" makes no other term.

    A term may begin or end with a sign, as "18+" does.
    """
    if not terms:
        return _NEVER
    written = sorted(map(plain, terms))
    worded = _any_of(term for term in written if term.isascii())
    unworded = _any_of(term for term in written if not term.isascii())
    return re.compile("|".join(part for part in (rf"(?<!\w)(?:{worded})s?(?!\w)" if worded else "", unworded) if part))


def _any_of(written: Iterable[str]) -> str:
    """Return a pattern of sorted terms, those that begin alike together: at most places none of thousands is tried."""
    return "|".join(
        f"{re.escape(first)}(?:{'|'.join(re.escape(term[1:]) for term in alike)})"
        for first, alike in groupby(written, key=lambda term: term[:1])
    )
