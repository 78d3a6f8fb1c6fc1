"""Category names of a machine made readable: "newsscienceandtechnology" becomes "science and technology".

The words and the capitals come from the catalogue's own texts, so there is no table of categories to keep.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z]+")
_MIN_COUNT, _MIN_COUNT_SHORT = 3, 20  # short words turn up inside longer ones: "hip" in "ownership"
_SHORT = 3
# Says where or in which form a story stands, not what it is about.
_FORMS = frozenset(
    {
        "news",
        "article",
        "newstrends",
        "stories",
        "story",
        "video",
        "videos",
        "gallery",
        "top",
        "more",
        "buzz",
        "trends",
        "and",
    }
)
# Here a word alone would be misread; "us" is the only country among MIND's names.
_READABLE = {"us": "US news", "world": "world news", "good": "good news", "offbeat": "offbeat news"}


class CategoryNames:
    """Turns category names into aspects.

    Args:
        texts: Titles and descriptions of the catalogue.
        categories: All category names, without subcategories.
    """

    def __init__(self, texts: Iterable[str], categories: Iterable[str]) -> None:
        self._categories = frozenset(categories)
        self._cased = Counter(word for text in texts for word in _WORD.findall(text))
        self._known: Counter[str] = Counter()
        for word, count in self._cased.items():
            self._known[word.lower()] += count

    def aspects(self, category: str, subcategory: str) -> tuple[str, ...]:
        """Return the readable names, the narrower first; what only says "news" or "video" is left out."""
        broad = self._readable(category, "")
        narrow = self._readable(subcategory, category)
        if narrow in self._categories:
            narrow = ""  # "autossports" is not the sports of the sports pages
        return tuple(dict.fromkeys(name for name in (narrow, broad) if name))

    def _readable(self, name: str, parent: str) -> str:
        rest = _without_parent(name.strip().lower(), parent.strip().lower())
        # "football_nfl" is NFL football, while "real-estate" is in order already.
        parts = reversed(rest.split("_")) if "_" in rest else rest.split("-")
        words = [word for part in parts for word in self._split(part)]
        while words and (words[-1] in _FORMS or words[-1].isdecimal()):
            words.pop()
        while words and (words[0] in _FORMS or words[0].isdecimal()):
            words.pop(0)
        bare = " ".join(words)
        return _READABLE.get(bare) or " ".join(self._cased_as_written(word) for word in words)

    def _split(self, letters: str) -> list[str]:
        """Return the fewest known words that spell the letters, of those the most frequent; else the letters whole."""
        if letters in self._known or letters in _FORMS or letters in _READABLE or not letters:
            return [letters] if letters else []
        best: list[list[str] | None] = [[]]
        for end in range(1, len(letters) + 1):
            options = [
                [*head, letters[start:end]]
                for start in range(end)
                if (head := best[start]) is not None and self._is_known(letters[start:end])
            ]
            best.append(min(options, key=self._cost) if options else None)
        return best[-1] or [letters]

    def _is_known(self, word: str) -> bool:
        return len(word) > 1 and self._known[word] >= (_MIN_COUNT_SHORT if len(word) <= _SHORT else _MIN_COUNT)

    def _cost(self, words: list[str]) -> tuple[int, int]:
        return len(words), -min(self._known[word] for word in words)

    def _cased_as_written(self, word: str) -> str:
        """Return "NFL" where the texts write it so more often than "nfl" or "Nfl"."""
        return word.upper() if 2 * self._cased[word.upper()] > self._known[word] else word


def _without_parent(name: str, parent: str) -> str:
    for prefix in (parent, parent.removesuffix("s")):
        if prefix and name != parent and name.startswith(prefix):
            return name.removeprefix(prefix).lstrip("-_")
    return "" if name == parent else name
