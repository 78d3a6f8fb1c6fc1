"""The recommender beside its own parts and other people's."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.bar import Bar, Figure, Figures, Part

_OURS = "hybrid"
PEERS = ("peer:implicit-als", "peer:implicit-item-knn", "peer:rectools-ease")
"""Other people's, by their own code: each must have a row, or the best of the others is the best of fewer."""


def _lead(measure: str) -> Figure:
    """Return what divides the default's figure by the best of all others; nothing unless all peers took part."""

    def figure(found: Figures) -> float | None:
        rows = {row["recommender"]: row[measure] for row in found.get("rows", ()) if measure in row}
        ours = rows.pop(_OURS, None)
        return None if ours is None or _absent(found) else ours / max(rows.values())

    return figure


def _absent(found: Figures) -> str:
    there = {row["recommender"] for row in found.get("rows", ())}
    lacking = [peer for peer in PEERS if peer not in there]
    return f"{', '.join(lacking)} took no part" if lacking else ""


def _best(people: str, measure: str) -> Bar:
    name = f"{people}: {measure} of the hybrid over the best other, peers too"
    return Bar(name, _lead(measure.lower()), "≥", 1, told=_absent)


def _part(source: str, people: str, seeds: int, minutes: float, data: str = "") -> Part:
    return Part(
        "The recommender",
        ("explainer", "evaluate", "recommender", "--data", source, "--seeds", str(seeds), "--json", "{json}"),
        (_best(people, "NDCG@10"), _best(people, "Recall@20")),
        minutes,
        data=data,
    )


RECOMMENDER: Mapping[str, Part] = {
    "recommender-100k": _part("ml-100k", "ML-100K", 3, 40),
    "recommender-small": _part("{data}/movielens-small", "MovieLens small", 3, 90, "movielens-small"),
    "recommender-games": _part("{data}/amazon-games", "Amazon games", 3, 180, "amazon-games"),
}
