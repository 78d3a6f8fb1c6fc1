"""How an aspect may look inside an English sentence: "comedy" also as "comedies", "romance" as "romantic"."""

from __future__ import annotations

import re
from functools import lru_cache

# Forms that no plural rule yields. Keys are aspects as the readers normalise them.
_IRREGULAR: dict[str, tuple[str, ...]] = {
    "animation": ("animated",),
    "children's": ("children",),
    "musical": ("musically",),
    "mystery": ("mysterious",),
    "romance": ("romantic",),
    "sci-fi": ("science fiction", "science-fiction"),
}

# Forms of which there is no "one": "an action" and "an animated" want a noun behind them.
_UNCOUNTED = frozenset({
    "action", "animated", "animation", "children's", "crime", "horror", "mysterious", "romantic", "sci-fi",
    "science fiction", "science-fiction", "war",
})  # fmt: skip


def wants_noun(form: str) -> bool:
    """Return whether a form cannot stand alone after an article."""
    return form.lower().replace("\u2019", "'") in _UNCOUNTED


def _plural(term: str) -> str:
    if re.search(r"[^aeiou]y$", term):
        return term[:-1] + "ies"
    return term + ("es" if re.search(r"(s|x|z|ch|sh)$", term) else "s")


@lru_cache(maxsize=4096)
def surface_forms(aspect: str) -> tuple[str, ...]:
    """Return the lower-case phrases that count as mentioning the aspect, the aspect itself first."""
    term = aspect.lower().replace("\u2019", "'")
    if aspect != aspect.lower() or not term[-1:].isalpha():
        return (term,)  # a name has no plural
    return (term, _plural(term), *_IRREGULAR.get(term, ()))
