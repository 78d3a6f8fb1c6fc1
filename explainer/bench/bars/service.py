"""The service under load, and without its engine."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.bar import Bar, Figures, Part, at


def _unanswered(found: Figures) -> float | None:
    asked, answered = at(found, "engine_down.requests"), at(found, "engine_down.answered")
    return None if asked is None or answered is None else asked - answered


def _by_model(found: Figures) -> float | None:
    """Return which share of the texts that were waited for the model wrote."""
    written, texts = at(found, "model.by_model"), at(found, "model.texts")
    return written / texts if written is not None and texts else None


SERVICE: Mapping[str, Part] = {
    "service": Part(
        "The service",
        ("explainer", "bench", "service", "--json", "{json}"),
        (
            Bar("stored reads in a second, SQLite", "stored_read.requests_per_s", "≥", 400),
            Bar("stored read, p99 ms, SQLite", "stored_read.p99_ms", "≤", 50),
            Bar("stored reads in a second, PostgreSQL", "postgresql.stored_read.requests_per_s", "≥", 400),
            Bar("stored read, p99 ms, PostgreSQL", "postgresql.stored_read.p99_ms", "≤", 50),
            Bar("template path, p99 ms, SQLite", "template.p99_ms", "≤", 150),
            Bar("template path, p99 ms, PostgreSQL", "postgresql.template.p99_ms", "≤", 150),
            Bar("a text of the model, p95 ms", "model.p95_ms", "≤", 1500),
            Bar("of these texts, share that the model wrote", _by_model, "≥", 0.9),
            Bar("requests while the engine is away", "engine_down.requests", "≥", 2000),
            Bar("requests without the engine that nobody answered", _unanswered, "=", 0),
            Bar("requests without the engine that were errors", "engine_down.unhandled_5xx", "=", 0),
        ),
        minutes=7,
        postgres=True,
        note="50 clients read, 10 have texts made by templates; clients and servers share the processors.",
    ),
}
