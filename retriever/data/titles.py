"""Catalogue habits undone: "Matrix, The (1999)" becomes "The Matrix" of 1999."""

from __future__ import annotations

import re

_YEAR = re.compile(r"\s*\((\d{4})\)\s*$")
_ARTICLE = re.compile(
    r"^(?P<rest>.+), (?P<article>The|A|An|Il|Lo|La|Le|Les|L'|El|Los|Las|Das|Der|Die|Det|Den|De|Un|Une|Una|O)"
    r"(?P<tail>( \(.*\))?)$"
)


def split_year(title: str) -> tuple[str, int | None]:
    """Return a title without its trailing "(1999)", and the year."""
    match = _YEAR.search(title)
    return (title[: match.start()], int(match[1])) if match else (title.strip(), None)


def article_first(title: str) -> str:
    """Return "The Matrix" for "Matrix, The", leaving a trailing parenthesis where it is."""
    match = _ARTICLE.match(title.strip())
    if match is None:
        return title.strip()
    gap = "" if match["article"].endswith("'") else " "
    return f"{match['article']}{gap}{match['rest']}{match['tail']}"
