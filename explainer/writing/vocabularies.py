"""The connective words that the gate allows, per locale."""

from __future__ import annotations

from functools import lru_cache

from explainer.errors import AssetError
from explainer.paths import vocabulary_file
from explainer.writing.gate import Vocabulary


@lru_cache(maxsize=8)
def load_vocabulary(locale: str) -> Vocabulary:
    """Return the words of ``vocabulary/<locale>.txt``, one a line.

    Raises:
        AssetError: If the locale has no file.
    """
    path = vocabulary_file(locale)
    if not path.is_file():
        raise AssetError(f"There is no vocabulary for locale {locale!r}; make one with: explainer corpus --write")
    return frozenset(path.read_text(encoding="utf-8").split())
