"""Categories of what is private, as files: a folder of each, with its terms per language and what it is in sentences.

``health/en.txt`` has a term a line; one after ``!`` is something else that only sounds like it. ``descriptions.txt``
has a sentence a line, and so has ``harmless.txt`` beside the folders: what most items are, with nothing private in it.
``thresholds.json`` says how near to a category's sentence is near enough, per encoder: that is measured (``explainer
evaluate firewall``), not chosen; nearer to a harmless sentence is near to nothing private.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from explainer.errors import SettingsError
from explainer.evidence.firewall.words import PrivateWords

SHIPPED = Path(__file__).resolve().parent / "lists"
THRESHOLDS = "thresholds.json"
_DESCRIPTIONS, _HARMLESS = "descriptions.txt", "harmless.txt"
_NAME = re.compile(r"[a-z][a-z_]{0,19}")
_FOLDER = "EXPLAINER_SENSITIVE_LISTS"
Thresholds = dict[str, dict[str, float]]
"""Encoder → category → cosine."""


@dataclass(frozen=True, slots=True)
class Category:
    """Something private.

    Attributes:
        name: What it is called.
        terms: What names it.
        exceptions: What has such a term in it and is something else.
        descriptions: What it is, in sentences that items are compared with.
        thresholds: Encoder → the cosine to a sentence from which an item belongs to it.
    """

    name: str
    terms: frozenset[str]
    exceptions: frozenset[str] = frozenset()
    descriptions: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def with_more(self, other: Category) -> Category:
        """Return this category with what another says of it; the other's thresholds go before."""
        return Category(
            self.name,
            self.terms | other.terms,
            self.exceptions | other.exceptions,
            (*self.descriptions, *other.descriptions),
            {**self.thresholds, **other.thresholds},
        )


@cache
def shipped_words() -> PrivateWords:
    """Return the terms of the shipped lists: what texts are held to where there are no settings."""
    return load_lists().words


@dataclass(frozen=True, slots=True)
class Lists:
    """All that items are judged by, and texts are held to.

    Attributes:
        categories: What is private, sorted by name.
        harmless: Sentences on what is not.
        words: What no text says; the shipped terms by default.
    """

    categories: tuple[Category, ...]
    harmless: tuple[str, ...] = ()
    words: PrivateWords = field(default_factory=shipped_words)


def load_lists(names: Collection[str] | None = None, folder: Path | None = None) -> Lists:
    """Return what items are judged by, and texts are held to.

    Args:
        names: Which categories items are judged by; all there are by default. Texts are held to all in any case.
        folder: Of an operator's own lists: what they say is added to the shipped ones, or makes new categories.

    Raises:
        SettingsError: If a name is unknown, or a file cannot be used.
    """
    held = {category.name: category for category in _read(SHIPPED)}
    for category in _read(folder) if folder is not None else ():
        held[category.name] = held[category.name].with_more(category) if category.name in held else category
    wanted = sorted(held) if names is None else sorted(set(names))
    unknown = [name for name in wanted if name not in held]
    if unknown:
        raise SettingsError(
            f"EXPLAINER_SENSITIVE names {unknown[0]!r}; there are: {', '.join(sorted(held))}. Write some of these with "
            f"commas between them, or 'none'; more come with lists of your own ({_FOLDER})."
        )
    places = [SHIPPED] if folder is None else [SHIPPED, folder]
    harmless = tuple(line for place in places for line in _lines_if_any(place / _HARMLESS))
    words = PrivateWords.of(term for category in held.values() for term in category.terms)
    return Lists(tuple(held[name] for name in wanted), harmless, words)


def _read(folder: Path) -> list[Category]:
    if not folder.is_dir():
        raise SettingsError(f"{_FOLDER}: there is no folder {folder}; give one with a folder for each category.")
    measured = _thresholds(folder / THRESHOLDS)
    found = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        if _NAME.fullmatch(place.name) is None:
            raise SettingsError(f"{place}: a category is called by at most 20 of a-z and _; rename the folder.")
        found.append(_category(place, {e: of[place.name] for e, of in measured.items() if place.name in of}))
    if not found:
        raise SettingsError(f"{_FOLDER}: {folder} has no category; make a folder, e.g. health, with en.txt in it.")
    return found


def _category(place: Path, thresholds: Mapping[str, float]) -> Category:
    lines = [line for file in sorted(place.glob("*.txt")) if file.name != _DESCRIPTIONS for line in _lines(file)]
    terms = frozenset(line for line in lines if not line.startswith("!"))
    descriptions = tuple(_lines_if_any(place / _DESCRIPTIONS))
    if not terms and not descriptions:
        raise SettingsError(f"{place} says nothing: write terms into en.txt or sentences into {_DESCRIPTIONS}.")
    exceptions = frozenset(line[1:].strip() for line in lines if line.startswith("!"))
    return Category(place.name, terms, exceptions, descriptions, thresholds)


def _lines_if_any(file: Path) -> list[str]:
    return _lines(file) if file.is_file() else []


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read as UTF-8 text ({error}): save it as such.") from error
    return [line.strip() for line in text.split("\n") if line.strip()]


def _thresholds(file: Path) -> Thresholds:
    if not file.is_file():
        return {}
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Thresholds)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{file} cannot be used ({error}); write it with: explainer evaluate firewall") from error
    for encoder, of in found.items():
        for name, value in of.items():
            if not 0 < value <= 1:
                raise SettingsError(f"{file}: {encoder}, {name} is {value}; a threshold is above 0, and at most 1.")
    return found
