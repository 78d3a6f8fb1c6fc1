"""The recommender beside its own parts and other people's."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.bar import Bar, Figure, Figures, Part

_OURS = "hybrid"


def _lead(measure: str) -> Figure:
    """Return what divides the default's figure by the best of all others."""

    def figure(found: Figures) -> float | None:
        rows = {row["recommender"]: row[measure] for row in found.get("rows", ()) if measure in row}
        ours = rows.pop(_OURS, None)
        return None if ours is None or not rows else ours / max(rows.values())

    return figure


def _part(source: str, people: str, seeds: int, minutes: float, data: str = "") -> Part:
    return Part(
        "The recommender",
        ("explainer", "evaluate", "recommender", "--data", source, "--seeds", str(seeds), "--json", "{json}"),
        (
            Bar(f"{people}: NDCG@10 of the hybrid over the best other, peers too", _lead("ndcg@10"), "≥", 1),
            Bar(f"{people}: Recall@20 of the hybrid over the best other, peers too", _lead("recall@20"), "≥", 1),
        ),
        minutes,
        data=data,
    )


RECOMMENDER: Mapping[str, Part] = {
    "recommender-100k": _part("ml-100k", "ML-100K", 3, 40),
    "recommender-small": _part("{data}/movielens-small", "MovieLens small", 3, 90, "movielens-small"),
    "recommender-games": _part("{data}/amazon-games", "Amazon games", 3, 180, "amazon-games"),
}
