"""Speed and size of what all of it rests on: the demo, encoding, search, attribution, memory."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.bar import Bar, Part
from explainer.bench.bars.growth import largest
from explainer.bench.bars.writing import benchmark

_AREA = "Speed and size"


def _by_hand(name: str, figure: str, most: float, command: str) -> Part:
    """Return a part that a person measures: one figure each, since they come on different days."""
    return Part(
        _AREA,
        (),
        (Bar(name, figure, "≤", most, f"time {command}"),),
        minutes=0,
        note=f"Measured by a person, in a clone of its own, and handed in: --with by-hand=FILE, as JSON with {figure}, "
        "date and, as others have it, machine.",
    )


SPEED: Mapping[str, Part] = {
    "home": Part(
        _AREA,
        benchmark("demo attribution scoring memory"),
        (
            Bar("a second demo to the table, s", "figures.demo_second_s", "≤", 60),
            Bar("leave-one-out at 100 behaviours, ms", "figures.leave_one_out_closed_form_ms", "≤", 5),
            Bar("histories that EASE scores in a second", "figures.ease_histories_per_s", "≥", 2000),
            Bar("peak memory of the service, MB", "figures.service_peak_memory_mb", "≤", 2048),
        ),
        minutes=10,
        checkout=True,
    ),
    "encoding": Part(
        _AREA,
        benchmark("encoding"),
        (
            Bar("encoding 1,682 items, s", "figures.encode_1682_items_s", "≤", 10),
            Bar("encoding films, times sentence-transformers", "figures.encode_films_times_default", "≥", 1.8),
            Bar(
                "least cosine to sentence-transformers, films",
                "figures.encode_films_least_cosine_to_default",
                "≥",
                0.999,
            ),
            Bar("encoding news, times sentence-transformers", "figures.encode_news_times_default", "≥", 1.8),
            Bar(
                "least cosine to sentence-transformers, news", "figures.encode_news_least_cosine_to_default", "≥", 0.999
            ),
        ),
        minutes=4,
        checkout=True,
    ),
    "search": Part(
        _AREA,
        benchmark("search"),
        (
            Bar("exact top 100 of a million, ms", "figures.exact_1m_ms_per_query", "≤", 100),
            Bar("approximate top 100 of 200,000, ms", "figures.approximate_200k_ms_per_query", "≤", 2),
            Bar("approximate top 100 of 200,000, recall", "figures.approximate_200k_recall_at_100", "≥", 0.95),
        ),
        minutes=3,
        checkout=True,
    ),
    "served": Part(
        "Faithful reasons",
        benchmark("served"),
        (
            Bar("served explanations looked at", "figures.served_explanations", "≥", 200),
            Bar("cited behaviours are the person's own, share", "figures.cited_are_own", "=", 1),
            Bar("cited behaviours are among what mattered most, share", "figures.cited_in_top_attribution", "=", 1),
            Bar(
                "without what is cited the rank falls more than without others, share",
                "figures.rank_falls_more",
                "≥",
                0.95,
            ),
        ),
        minutes=10,
        checkout=True,
        note="Needs MovieLens small beside the checkout. Where an item leads widely, no set moves its rank.",
    ),
    "growth": Part(
        _AREA,
        benchmark("growth"),
        (Bar("the largest catalogue that was fitted, items", largest, "≥", 1_000_000),),
        minutes=45,
        checkout=True,
        note="How cost grows stands below, as pictures.",
    ),
    "by-hand-demo": _by_hand("a first demo in a fresh clone, downloads included, s", "fresh_demo_s", 360, "make demo"),
    "by-hand-tests": _by_hand("all tests, s", "tests_s", 1200, "make test"),
    "by-hand-training": _by_hand(
        "an adapter trained from scratch, minutes", "training_min", 90, "explainer tune --out FOLDER"
    ),
}
