"""Past one machine: writing ahead, a large shop, vectors in the database, replicas."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.bar import Bar, Figures, Part, at

_AREA = "Past one machine"
_SCALE = ("explainer", "bench", "scale", "--json", "{json}", "--only")


def _cost(found: Figures) -> str:
    """Return the pace of writing ahead, how many share a prompt, and what a thousand cost, where it is known."""
    pace, shared, cost = (at(found, f"pregenerate.{name}") for name in ("per_s", "dedup_ratio", "cpu_s_per_1000"))
    if pace is None or shared is None or cost is None:
        return ""
    return f"{pace:.1f} a second, {shared:.1f} to each prompt, {cost:.0f} processor seconds a thousand"


def _ahead(people: str) -> tuple[Bar, ...]:
    return (
        Bar(f"{people} × 10: writing ahead, times one call a pair", "pregenerate.vs_per_pair", "≥", 20, told=_cost),
        Bar(f"{people}: Ray's time over the local runner's", "pregenerate.ray_vs_local", "≤", 1.3),
        Bar(f"{people}: Ray stores the same texts (1: yes)", "pregenerate.same_rows", "=", 1),
    )


SCALE: Mapping[str, Part] = {
    "scale-pregenerate": Part(_AREA, (*_SCALE, "pregenerate"), _ahead("ML-100K"), minutes=20),
    "scale-pregenerate-small": Part(
        _AREA,
        (*_SCALE, "pregenerate", "--data", "{data}/movielens-small"),
        _ahead("MovieLens small"),
        minutes=20,
        data="movielens-small",
    ),
    "scale-kills": Part(
        _AREA,
        (*_SCALE, "kills"),
        (
            Bar("ML-100K × 10, killed ten times: the same rows (1: yes)", "kills.same_rows", "=", 1),
            Bar("ML-100K × 10, killed ten times: each once (1: yes)", "kills.each_once", "=", 1),
        ),
        minutes=30,
    ),
    "scale-synthetic": Part(
        _AREA,
        (*_SCALE, "synthetic"),
        (
            Bar("rows ingested in a second", "synthetic.ingest_rows_per_s", "≥", 20_000),
            Bar("explanations in a second, 100,000 items", "synthetic.explanations_per_s", "≥", 200),
            Bar("peak memory, MB", "synthetic.peak_mb", "≤", 4096),
            Bar("cost of a user, 100,000 people over 10,000", "synthetic.cost_ratio_100k_10k", "≤", 1.2),
        ),
        minutes=12,
        postgres=True,
        note="A made-up shop of a million behaviours; that with a tenth of its people stands in another database of "
        "the same kind, on the same server. Flat is read as: at most a fifth dearer.",
    ),
    "scale-pgvector": Part(
        _AREA,
        (*_SCALE, "pgvector"),
        (
            Bar("nearest vectors found among 100,000, recall at 100", "pgvector.recall", "≥", 0.95),
            Bar("nearest vectors, p95 ms", "pgvector.p95_ms", "≤", 10),
        ),
        minutes=5,
    ),
    "scale-replicas": Part(
        _AREA,
        (*_SCALE, "replicas"),
        (
            Bar("requests failed while replicas restart", "replicas.rolling.failed", "=", 0),
            Bar("explanations lost as the database is away", "replicas.outage.lost", "=", 0),
            Bar("explanations made twice as the database is away", "replicas.outage.twice", "=", 0),
            Bar("answers that nobody expects as the database is away", "replicas.outage.unexpected", "=", 0),
            Bar("seconds until the database, back again, is used", "replicas.outage.recovered_s", "≤", 10),
            Bar("jobs left when the database is back", "replicas.outage.jobs_left", "=", 0),
        ),
        minutes=4,
    ),
}
