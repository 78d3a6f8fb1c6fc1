"""The connective words that the gate allows, per locale and audience."""

from __future__ import annotations

from functools import lru_cache

from explainer.errors import AssetError
from explainer.paths import vocabulary_file
from explainer.writing.gate import Vocabulary
from explainer.writing.style import CUSTOMER


@lru_cache(maxsize=16)
def load_vocabulary(locale: str, audience: str = CUSTOMER) -> Vocabulary:
    """Return the words of ``vocabulary/<locale>/<audience>.txt``, one a line.

    Raises:
        AssetError: If there is no file for this reader in this language.
    """
    path = vocabulary_file(locale, audience)
    if not path.is_file():
        raise AssetError(
            f"There is no vocabulary for {audience!r} in locale {locale!r}; "
            "make one with: explainer corpus --write-vocabulary"
        )
    return frozenset(path.read_text(encoding="utf-8").split())
