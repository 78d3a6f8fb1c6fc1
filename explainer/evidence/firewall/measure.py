"""How well the firewall does on titles that people have labelled, and the thresholds that do best on half of them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from explainer.errors import SettingsError
from explainer.evidence.firewall.categories import Category, Lists
from explainer.evidence.firewall.judge import Firewall, nearest
from retriever.data import Item
from retriever.encoder import TextEncoder

SHIPPED_TITLES = Path(__file__).resolve().parent / "labelled.jsonl"
_BETA2 = 4.0
"""F2: what is missed costs more than what is kept from a text without need."""


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A title and what it tells of; nothing private where ``categories`` is empty."""

    title: str
    categories: frozenset[str]
    domain: str
    locale: str

    @property
    def chooses(self) -> bool:
        """Whether it is of the half that thresholds are chosen on; the other half has no say."""
        return hashlib.sha256(self.title.encode()).digest()[-1] % 2 == 1


class Figures(msgspec.Struct, frozen=True):
    """How answers compare with labels; precision or recall is None where there is nothing to divide by."""

    cases: int
    labelled: int
    found: int
    right: int

    @property
    def precision(self) -> float | None:
        """Share of what was found that is labelled so."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of what is labelled so that was found."""
        return self.right / self.labelled if self.labelled else None

    @property
    def f2(self) -> float:
        """Their mean, recall weighing more; 0 to 1."""
        below = _BETA2 * self.labelled + self.found
        return (1 + _BETA2) * self.right / below if below else 0.0


class Half(msgspec.Struct, frozen=True):
    """Figures of one half.

    Attributes:
        anything: Private or not, whatever category.
        categories: Each category for itself.
        terms_alone: Private or not, had the encoder no say.
        locales: Private or not, by language.
    """

    anything: Figures
    categories: dict[str, Figures]
    terms_alone: Figures
    locales: dict[str, Figures]


class Measured(msgspec.Struct, frozen=True):
    """What ``explainer evaluate firewall`` finds."""

    encoder: str
    thresholds: dict[str, float]
    choosing: Half
    held_out: Half
    missed: list[str]
    false_alarms: list[str]


def read_labelled(file: Path) -> list[Labelled]:
    """Return labelled titles.

    Raises:
        SettingsError: If a line cannot be used; the message names it.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read as UTF-8 text: {error}") from error
    return [_labelled(file, number, line) for number, line in enumerate(lines, start=1)]


def with_thresholds(lists: Lists, rows: Sequence[Labelled], encoder: TextEncoder) -> Lists:
    """Return the lists with the thresholds for the encoder that do best on the choosing half (F2).

    A category that no title of that half tells of keeps the one that it has.

    Raises:
        SettingsError: If the titles are too few to choose one for a category that has none.
        EncoderError: If the encoder cannot be used.
    """
    chosen = [row for row in rows if row.chooses]
    told = {name for row in chosen for name in row.categories}
    described = [category.name for category in lists.categories if category.descriptions]
    if described and told.isdisjoint(described):
        raise _too_few(", ".join(described), "none of them tells of any")
    vectors = encoder.encode([row.title for row in chosen])
    harmless = encoder.encode(lists.harmless) if lists.harmless else None
    far = np.array([nearest(harmless, vector) for vector in vectors], dtype=np.float32)
    model = encoder.name.partition(",")[0]
    made: list[Category] = []
    for category in lists.categories:
        if not category.descriptions or (category.name not in told and model in category.thresholds):
            made.append(category)
            continue
        if category.name not in told:
            raise _too_few(category.name, "none of them tells of it")
        cosines = (vectors @ encoder.encode(category.descriptions).T).max(axis=1)
        best = _best_threshold(category, chosen, np.where(cosines >= far, cosines, 0.0))
        made.append(replace(category, thresholds={**category.thresholds, model: best}))
    return Lists(tuple(made), lists.harmless)


def measure(lists: Lists, rows: Sequence[Labelled], encoder: TextEncoder) -> Measured:
    """Return how the firewall does with these lists' thresholds.

    Raises:
        EncoderError: If the encoder cannot be used.
    """
    firewall, model = Firewall(lists, encoder), encoder.name.partition(",")[0]
    items = _items(rows)
    answers, by_terms = firewall.judge(items), firewall.by_terms.judge(items)
    held = [(row, found) for row, found in zip(rows, answers, strict=True) if not row.chooses]
    return Measured(
        encoder=encoder.name,
        thresholds={c.name: c.thresholds[model] for c in lists.categories if model in c.thresholds},
        choosing=_half(rows, answers, by_terms, firewall, chooses=True),
        held_out=_half(rows, answers, by_terms, firewall, chooses=False),
        missed=[row.title for row, found in held if row.categories and not found],
        false_alarms=[row.title for row, found in held if found and not row.categories],
    )


def _best_threshold(category: Category, rows: Sequence[Labelled], cosines: npt.NDArray[np.float32]) -> float:
    terms = Firewall(Lists((category,)))
    named = np.array([bool(found) for found in terms.judge(_items(rows))])
    labelled = np.array([category.name in row.categories for row in rows])

    def f2(threshold: float) -> float:
        found = named | (cosines >= threshold)
        return Figures(len(rows), int(labelled.sum()), int(found.sum()), int((found & labelled).sum())).f2

    # Halfway to the next lower one: a threshold on a title's own cosine would turn on its rounding.
    levels = np.unique(cosines)
    halfway = [round(float(low + high) / 2, 4) for low, high in itertools.pairwise(levels)]
    if not any(level > 0 for level in halfway):
        raise _too_few(category.name, "they are all as near to its sentences")
    return max((level for level in halfway if level > 0), key=lambda level: (f2(level), level))


def _too_few(category: str, why: str) -> SettingsError:
    return SettingsError(
        f"No threshold can be chosen for {category}: of the labelled titles, the half by which it is chosen is too "
        f"small ({why}). Add titles, of it and of other things; each falls into one of the halves by its letters."
    )


def _half(
    rows: Sequence[Labelled],
    answers: Sequence[frozenset[str]],
    by_terms: Sequence[frozenset[str]],
    firewall: Firewall,
    *,
    chooses: bool,
) -> Half:
    mine = [n for n, row in enumerate(rows) if row.chooses is chooses]

    def figures(
        places: Iterable[int], found: Sequence[frozenset[str]], what: Callable[[Collection[str]], bool]
    ) -> Figures:
        pairs = [(what(rows[n].categories), what(found[n])) for n in places]
        return Figures(len(pairs), sum(a for a, _ in pairs), sum(b for _, b in pairs), sum(a and b for a, b in pairs))

    names = [category.name for category in firewall.categories]
    locales: Mapping[str, list[int]] = {
        locale: [n for n in mine if rows[n].locale == locale] for locale in sorted({row.locale for row in rows})
    }
    return Half(
        anything=figures(mine, answers, bool),
        categories={name: figures(mine, answers, _has(name)) for name in names},
        terms_alone=figures(mine, by_terms, bool),
        locales={locale: figures(places, answers, bool) for locale, places in locales.items()},
    )


def _has(category: str) -> Callable[[Collection[str]], bool]:
    return lambda categories: category in categories


def _labelled(file: Path, number: int, line: str) -> Labelled:
    try:
        return msgspec.json.decode(line, type=Labelled)
    except msgspec.DecodeError as error:
        raise SettingsError(
            f'{file}, line {number}: {error}. A line is e.g. {{"title": "…", "categories": ["health"], '
            '"domain": "shop", "locale": "en"}.'
        ) from error


def _items(rows: Sequence[Labelled]) -> list[Item]:
    return [Item(str(n), row.title) for n, row in enumerate(rows)]
