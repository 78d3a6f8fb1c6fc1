"""Augmentation: the same text about other aspects and other slots, so that the model learns to copy, not to know.

What may stand in a sentence depends on how the sentence uses the aspect: after "a" or in the plural only a noun that
has a plural ("a drama", "two westerns"); elsewhere any aspect ("the noir of", "shares Xbox 360 with").
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from explainer.tuning.examples import Example, Link
from explainer.writing.aspects import surface_forms
from retriever.data import AspectSource

# Nouns with a plural, mass nouns, and names, of every domain and of none in particular: what matters is their form.
COUNTED = (
    "adventure", "comedy", "documentary", "drama", "musical", "mystery", "romance", "thriller", "western", "satire",
    "tragedy", "fable", "biography", "heist film", "road movie", "ghost story", "period piece", "backpack", "kettle",
    "headset", "controller", "board game", "puzzle", "cookbook", "lamp", "tent", "recipe", "interview", "essay",
    "podcast", "travel guide", "portrait", "editorial", "tutorial", "memoir", "survey", "garden tool", "novel",
)  # fmt: skip
MASS = (
    "action", "crime", "fantasy", "horror", "noir", "sci-fi", "war", "animation", "suspense", "espionage", "surrealism",
    "martial arts", "time travel", "folklore", "gardening", "cycling", "jazz", "baking", "photography", "astronomy",
    "football", "politics", "weather", "home decor", "racing", "role playing", "board games", "cookware", "lighting",
    "machine learning", "personal finance", "street food", "knitting", "sailing", "architecture", "economics",
    "coming of age", "courtroom", "small town", "open source", "wildlife", "remote work", "vintage", "camping",
)  # fmt: skip
NAMES = (
    "Xbox 360", "PlayStation 4", "Nintendo Switch", "Final Fantasy", "Call of Duty", "Game Boy", "Wii U", "3DS",
    "Need for Speed", "Resident Evil", "Dark Souls", "New York", "World Cup", "Champions League", "PC", "NBA 2K",
    "Collector's Edition", "Super Mario", "Mega Man", "Linux", "Python", "Tour de France", "Windows 10", "Kinect",
)  # fmt: skip
_COUNTING = r"(?:an?|another|one|each|every|second|third) "
_SWAPPED = 0.3


@dataclass(frozen=True, slots=True)
class _Use:
    """How a text uses an aspect."""

    counted: bool
    irregular: bool


def augmented(example: Example, rng: random.Random) -> Example:
    """Return the example with its aspects exchanged for others, and behaviours of equal facts in another order."""
    return _swapped(_exchanged(example, rng), rng)


def _exchanged(example: Example, rng: random.Random) -> Example:
    exchange: dict[str, str] = {}
    for aspect in example.aspects:
        use = _use(aspect, example.text)
        if use.irregular:
            continue
        taken = {*example.aspects, *exchange.values()} - {aspect}
        after = _after(aspect, example.text)
        pool = [other for other in _pool(example, use) if _suits(other, taken, after)]
        exchange[aspect] = rng.choice(pool)
    links = tuple(replace(link, shares=tuple(exchange.get(a, a) for a in link.shares)) for link in example.behaviours)
    return replace(example, behaviours=links, text=_rewrite(example.text, exchange))


def _use(aspect: str, text: str) -> _Use:
    term, *others = (re.escape(form) for form in surface_forms(aspect))
    plural = bool(others) and re.search(rf"\b{others[0]}\b", text, re.IGNORECASE) is not None
    after_article = re.search(rf"\b{_COUNTING}{term}\b", text, re.IGNORECASE) is not None
    irregular = any(re.search(rf"\b{form}\b", text, re.IGNORECASE) for form in others[1:])
    return _Use(plural or after_article, irregular)


def _pool(example: Example, use: _Use) -> Sequence[str]:
    if use.counted:
        return COUNTED
    names = NAMES if example.source is not AspectSource.CATALOGUE else ()
    return (*COUNTED, *MASS, *names)


def _after(aspect: str, text: str) -> list[str]:
    """Return what follows an aspect, wherever the text has it as a word, in lower case."""
    return [text[m.end() :].lower() for m in re.finditer(rf"\b{re.escape(aspect)} ", text, re.IGNORECASE)]


def _suits(other: str, taken: set[str], after: Sequence[str]) -> bool:
    """Return whether a term may stand where an aspect stood: no "heist film film", no "war" beside "war film"."""
    last = other.rsplit(maxsplit=1)[-1].lower()
    twice = any(following.startswith(last) for following in after)
    return not twice and other not in taken and not _overlaps(other, taken)


def _overlaps(term: str, others: set[str]) -> bool:
    """Return whether one of the terms is a part of the other: "board game" beside "board games" confuses anybody."""
    return any(term in other or other in term for other in others)


def _rewrite(text: str, exchange: Mapping[str, str]) -> str:
    forms = {
        form: (surface_forms(new) * 2)[index]
        for old, new in exchange.items()
        for index, form in enumerate(surface_forms(old)[:2])
    }
    if not forms:
        return text
    alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    # The article before an aspect follows the new word: "a drama", "an adventure".
    pattern = re.compile(
        rf"(?:\b(?P<article>an?) )?(?<![\w'{{.-])(?P<word>{alternatives})(?![\w'}}]|-\w)", re.IGNORECASE
    )

    def written(match: re.Match[str]) -> str:
        new = forms[match["word"].lower()]
        if match["word"][0].isupper() and match.start("word") == 0:
            new = new[0].upper() + new[1:]
        if match["article"] is None:
            return new
        article = "an" if new[0].lower() in "aeiou" else "a"
        return f"{article if match['article'][0].islower() else article.capitalize()} {new}"

    return pattern.sub(written, text)


def _swapped(example: Example, rng: random.Random) -> Example:
    """Return the example with two slots exchanged whose behaviours have the very same facts: as true as before."""
    twins = [
        (a, b)
        for a in range(len(example.behaviours))
        for b in range(a + 1, len(example.behaviours))
        if example.behaviours[a] == example.behaviours[b] != Link(example.behaviours[a].kind)
    ]
    if not twins or rng.random() > _SWAPPED:
        return example
    first, second = (f"{n + 1}" for n in rng.choice(twins))
    numbers = {first: second, second: first}
    text = re.sub(r"\{(b|co)(\d)([^}]*)\}", lambda m: f"{{{m[1]}{numbers.get(m[2], m[2])}{m[3]}}}", example.text)
    return replace(example, text=text)
