"""How an aspect may look inside an English sentence: "comedy" also as "comedies", "romance" as "romantic"."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


# Forms that are a kind of thing: "a thriller", "the thrillers A and B", without a noun behind them.
_KINDS = frozenset({"comedy", "documentary", "drama", "musical", "mystery", "romance", "thriller", "western"})
# Nothing consists of these: "the thriller of A" is no English, "its thriller side" is.
_ONLY_KINDS = frozenset({"children's", "documentary", "musical", "thriller", "western"})
# Also kinds, but as often in front of a noun.
_HALF_KINDS = frozenset({"adventure", "fantasy", "noir"})
_GENRES = _KINDS | _HALF_KINDS | {"action", "animation", "children's", "crime", "horror", "sci-fi", "war"}
_MOST_GENRES = 2
_QUALITIES = {"animation": "animated", "romance": "romantic"}


def is_kind(form: str) -> bool:
    """Return whether a form needs no noun to be a kind of thing."""
    return form.lower() in _KINDS


def is_only_kind(form: str) -> bool:
    """Return whether a form is no stuff that a film could have: "the thriller of A"."""
    return form.lower().replace("\u2019", "'") in _ONLY_KINDS


def is_quality(form: str) -> bool:
    """Return whether a form is an adjective."""
    return form.lower() in {"animated", "mysterious", "romantic"}


def as_quality(form: str) -> str:
    """Return how a form stands before another one: "romantic comedy"."""
    return _QUALITIES.get(form.lower(), form)


def as_kind(aspects: Sequence[str], noun: str) -> str:
    """Return what a thing of these genres is, "a romantic comedy"; empty where that is not known of them all.

    Args:
        aspects: One or two genres.
        noun: What genres that are no things of their own are put before, "film".
    """
    if not 0 < len(aspects) <= _MOST_GENRES or not set(aspects) <= _GENRES:
        return ""
    *others, last = sorted(aspects, key=lambda aspect: (aspect in _KINDS | _HALF_KINDS, aspect != "romance"))
    if last not in _KINDS | _HALF_KINDS:
        return _with_article(f"{' and '.join([*others, last])} {noun}")
    return _with_article(" ".join([*map(as_quality, others), last]))


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def wants_noun(form: str) -> bool:
    """Return whether a form cannot stand alone after an article."""
    return form.lower().replace("\u2019", "'") in _UNCOUNTED


def plural(term: str) -> str:
    """Return the regular plural."""
    if re.search(r"[^aeiou]y$", term):
        return term[:-1] + "ies"
    return term + ("es" if re.search(r"(s|x|z|ch|sh)$", term) else "s")


@lru_cache(maxsize=4096)
def surface_forms(aspect: str) -> tuple[str, ...]:
    """Return the lower-case phrases that count as mentioning the aspect, the aspect itself first."""
    term = aspect.lower().replace("\u2019", "'")
    if aspect != aspect.lower() or not term[-1:].isalpha():
        return (term,)  # a name has no plural
    return (term, plural(term), *_IRREGULAR.get(term, ()))
