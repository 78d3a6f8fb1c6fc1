"""A large shop of our own to measure: tastes, titles, and what people did; the same for the same seed everywhere.

Items belong to genres and have a place in a power law of popularity; people have two or three genres that they keep to
most of the time, and a history whose length is long-tailed, too. What comes out is a folder that ``explainer ingest``
reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

_OF_GENRES = (
    "sailing cycling climbing camping fishing running swimming skiing surfing archery chess origami pottery weaving "
    "knitting sewing carving painting drawing sculpture calligraphy photography astronomy geology botany gardening "
    "beekeeping baking grilling brewing coffee tea chocolate cheese pasta jazz opera folk blues techno piano guitar "
    "violin drums theatre puppetry magic robotics electronics soldering trains aviation kites castles maps travel "
    "history poetry mystery westerns comedy"
)
_OF_FORMS = "Compass Lantern Companion Handbook Workshop Almanac Kit Atlas Album Notebook Toolbox Primer Cabinet"
_OF_ADJECTIVES = "Silent Crimson Distant Patient Golden Hidden Restless Northern Paper Velvet Copper Gentle Amber"
_OF_NOUNS = "Harbour Garden Winter Orchard Signal River Station Letter Meadow Summer Bridge Island Forest"
GENRES, _FORMS = tuple(_OF_GENRES.split()), tuple(_OF_FORMS.split())
_ADJECTIVES, _NOUNS = tuple(_OF_ADJECTIVES.split()), tuple(_OF_NOUNS.split())
_KINDS = ("view", "click", "purchase", "rating", "like")
_HOW_OFTEN = (0.35, 0.2, 0.2, 0.2, 0.05)
_STARS, _GIVEN = (1, 2, 3, 4, 5), (0.05, 0.07, 0.15, 0.35, 0.38)
_LOYAL = 0.8
"""How often people stay within the genres that they keep to."""
_SHORTEST, _SPREAD = 3, 0.7
_FIRST_S, _YEARS_S = 1_600_000_000, 3 * 365 * 86_400
_EXPONENT = 0.9
Ints = npt.NDArray[np.int64]

_SETTINGS = """name = "made-up"
domain = "shop"
scale = { low = 1, high = 5 }
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the shop is.

    Attributes:
        behaviours: Rows of what people did, nearly all different.
        items: Of the catalogue.
        users: People with at least a few behaviours.
        seed: Of everything random.
    """

    behaviours: int = 1_000_000
    items: int = 100_000
    users: int = 100_000
    seed: int = 7

    def with_users(self, users: int) -> Size:
        """Return the shop with other many people who do as much each."""
        return Size(self.behaviours * users // self.users, self.items, users, self.seed)


def write_shop(folder: Path, size: Size) -> None:
    """Write the shop as a dataset folder.

    Args:
        folder: Is made.
        size: How large.
    """
    folder.mkdir(parents=True)
    (folder / "dataset.toml").write_text(_SETTINGS, encoding="utf-8")
    # Each table draws from a stream of its own, so that a shop with fewer people has the same catalogue.
    genres = _write_items(folder / "items.csv", size, np.random.default_rng((size.seed, 1)))
    _write_behaviours(folder / "behaviours.csv", size, genres, np.random.default_rng((size.seed, 2)))


def _write_items(path: Path, size: Size, rng: np.random.Generator) -> Ints:
    """Write the catalogue and return each item's first genre, int64 [n_items]."""
    first = rng.integers(len(GENRES), size=size.items)
    second = (first + rng.integers(1, len(GENRES), size=size.items)) % len(GENRES)
    words = [rng.integers(len(names), size=size.items) for names in (_ADJECTIVES, _NOUNS, _FORMS)]
    titles = [
        f"{_ADJECTIVES[a]} {_NOUNS[n]} {GENRES[g].capitalize()} {_FORMS[f]} {number}"
        for number, (a, n, f, g) in enumerate(zip(*words, first, strict=True))
    ]
    aspects = [f"{GENRES[a]}|{GENRES[b]}" for a, b in zip(first, second, strict=True)]
    years = 1950 + rng.integers(75, size=size.items)
    ids = [f"i{number}" for number in range(size.items)]
    pl.DataFrame({"id": ids, "title": titles, "aspects": aspects, "year": years}).write_csv(path)
    return first


def _write_behaviours(path: Path, size: Size, genres: Ints, rng: np.random.Generator) -> None:
    users = np.repeat(np.arange(size.users), _lengths(size, rng))
    items = _chosen(users, size, genres, rng)
    kinds = rng.choice(len(_KINDS), size=len(users), p=_HOW_OFTEN)
    stars = rng.choice(_STARS, size=len(users), p=_GIVEN)
    # People shop for a while and then no more: their times lie in a window of their own.
    begun = rng.random(size.users)[users] * 0.8
    times = _FIRST_S + ((begun + 0.2 * rng.random(len(users))) * _YEARS_S).astype(np.int64)
    frame = pl.DataFrame({"user": users, "item": items, "kind": kinds, "value": stars, "time": times})
    rated = pl.col("kind") == _KINDS.index("rating")
    frame.select(
        pl.concat_str(pl.lit("u"), "user").alias("user"),
        pl.concat_str(pl.lit("i"), "item").alias("item"),
        pl.col("kind").replace_strict(dict(enumerate(_KINDS))),
        pl.when(rated).then("value").alias("value"),
        "time",
    ).sort("time", "user", "item").write_csv(path)


def _lengths(size: Size, rng: np.random.Generator) -> Ints:
    """Return how long each history is, int64 [n_users]: log-normal, adding up to the behaviours asked for."""
    weights = np.exp(rng.normal(0.0, _SPREAD, size.users))
    spare = size.behaviours - _SHORTEST * size.users
    ends = np.floor(np.cumsum(weights) / weights.sum() * spare + 0.5).astype(np.int64)
    return np.asarray(_SHORTEST + np.diff(ends, prepend=0))


def _chosen(users: Ints, size: Size, genres: Ints, rng: np.random.Generator) -> Ints:
    """Return the item of each behaviour, int64: of the genres that its user keeps to, or of any; popular ones more."""
    # The items of each genre stand together, the most popular first.
    order = np.argsort(genres, kind="stable")
    starts = np.searchsorted(genres[order], np.arange(len(GENRES)))
    counts = np.bincount(genres, minlength=len(GENRES))
    kept = rng.integers(len(GENRES), size=(size.users, 3))
    genre = kept[users, rng.choice(3, size=len(users), p=(0.5, 0.3, 0.2))]
    strays = rng.random(len(users)) > _LOYAL
    genre[strays] = rng.integers(len(GENRES), size=int(strays.sum()))
    rank = _power_law(rng.random(len(users)), counts[genre])
    return np.asarray(order[starts[genre] + rank])


def _power_law(uniform: npt.NDArray[np.float64], counts: Ints) -> Ints:
    """Return ranks from 0 that follow rank ** -exponent, by the inverse of the continuous law."""
    power = 1.0 - _EXPONENT
    tops = np.maximum(counts, 1).astype(np.float64) + 1.0
    ranks = (1.0 + uniform * (tops**power - 1.0)) ** (1.0 / power)
    return np.asarray(np.minimum(ranks.astype(np.int64) - 1, counts - 1))
