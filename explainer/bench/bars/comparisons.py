"""What stands beside what: recommenders by NDCG, methods of attribution by how far the item falls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from explainer.bench.bars.bar import Figures
from explainer.bench.bars.kept import Ran


@dataclass(frozen=True, slots=True)
class Comparison:
    """Lengths side by side.

    Attributes:
        title: Of what.
        caption: What they say.
        rows: Name, figure, and whether it is the one that serves.
    """

    title: str
    caption: str
    rows: tuple[tuple[str, float, bool], ...]

    def reach(self, value: float) -> tuple[float, float]:
        """Return where a length begins and how far it goes, each of 100; below 0 it goes to the left of that."""
        values = [0.0, *(value for _, value, _ in self.rows)]
        low, span = min(values), (max(values) - min(values)) or 1.0
        return 100 * (min(0.0, value) - low) / span, 100 * abs(value) / span


def comparisons(ran: Mapping[str, Ran]) -> list[Comparison]:
    """Return what was measured of recommenders and of attribution."""
    return [one for name, how in ran.items() if how.figures for one in _of(name, how.figures)]


def _of(name: str, found: Figures) -> Iterator[Comparison]:
    if name.startswith("recommender-"):
        yield from _side_by_side(found, "recommender", "ndcg@10", "NDCG@10; longer is better", longest_first=True)
    elif name.startswith("reasons-"):
        caption = "Of the item's score, what is left as cited behaviours go (DEL); shorter is better"
        yield from _side_by_side(found, "method", "del", caption, longest_first=False)


def _side_by_side(found: Figures, key: str, measure: str, caption: str, *, longest_first: bool) -> Iterator[Comparison]:
    rows = [
        (str(row[key]), float(row[measure]), row[key] == found.get("default"))
        for row in found.get("rows", ())
        if measure in row
    ]
    if rows:
        title = ", ".join(str(found[what]) for what in ("dataset", "recommender") if what in found)
        yield Comparison(title, caption, tuple(sorted(rows, key=lambda row: row[1], reverse=longest_first)))
