"""Augmentation: the same sentence about another genre, so that the model learns to copy aspects, not to know them.

Aspects are exchanged within groups whose words behave alike in a sentence ("a drama", "two dramas" for a western as
well; never for science fiction, which has no plural).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

import msgspec

from explainer.tuning.examples import Example
from explainer.writing.aspects import surface_forms

_COUNTED = (
    "adventure",
    "comedy",
    "documentary",
    "drama",
    "musical",
    "mystery",
    "romance",
    "thriller",
    "western",
)
_UNCOUNTED = ("action", "crime", "fantasy", "horror", "noir", "sci-fi")
# Known only to training: aspects from other catalogues, so that "copy the word" generalises.
_EXTRA_COUNTED = (
    "satire",
    "tragedy",
    "fable",
    "biography",
    "heist film",
    "road movie",
    "ghost story",
    "period piece",
)
_EXTRA_UNCOUNTED = ("suspense", "espionage", "surrealism", "martial arts", "time travel", "folklore")


def augmented(example: Example, rng: random.Random) -> Example:
    """Return the example with its aspects exchanged for others of their group, the sentence following suit."""
    exchange = _exchange(example, rng)
    links = tuple(
        msgspec.structs.replace(link, shares=tuple(exchange.get(a, a) for a in link.shares))
        for link in example.behaviours
    )
    return msgspec.structs.replace(example, behaviours=links, text=_rewrite(example.text, exchange))


def _exchange(example: Example, rng: random.Random) -> dict[str, str]:
    exchange: dict[str, str] = {}
    for group, extra in ((_COUNTED, _EXTRA_COUNTED), (_UNCOUNTED, _EXTRA_UNCOUNTED)):
        present = [a for a in example.aspects if a in group and not _irregular(a, example.text)]
        pool = [a for a in (*group, *extra) if a not in example.aspects or a in present]
        exchange.update(zip(present, rng.sample(pool, len(present)), strict=True))
    return exchange


def _irregular(aspect: str, text: str) -> bool:
    """Return whether the text has the aspect in a form that only this aspect has ("romantic")."""
    return any(re.search(rf"\b{re.escape(form)}\b", text, re.IGNORECASE) for form in surface_forms(aspect)[2:])


def _rewrite(text: str, exchange: Mapping[str, str]) -> str:
    forms = {
        form: surface_forms(new)[index]
        for old, new in exchange.items()
        for index, form in enumerate(surface_forms(old)[:2])
    }
    if not forms:
        return text
    alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    # The article before an aspect follows the new word: "a drama", "an adventure".
    pattern = re.compile(rf"(?:\b(?P<article>an?) )?\b(?P<word>{alternatives})\b(?!-)", re.IGNORECASE)

    def replace(match: re.Match[str]) -> str:
        new = forms[match["word"].lower()]
        if match["word"][0].isupper():
            new = new[0].upper() + new[1:]
        if match["article"] is None:
            return new
        article = "an" if new[0].lower() in "aeiou" else "a"
        return f"{article if match['article'][0].islower() else article.capitalize()} {new}"

    return pattern.sub(replace, text)
