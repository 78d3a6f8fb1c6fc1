"""The record: how fast it is kept, and that nobody alters it unseen."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.bar import Bar, Figures, Part, at


def _undetected(found: Figures) -> float | None:
    cases, detected = at(found, "tampers.cases"), at(found, "tampers.detected")
    return None if cases is None or detected is None else cases - detected


RECORD: Mapping[str, Part] = {
    "audit": Part(
        "The record",
        ("explainer", "bench", "audit", "--json", "{json}"),
        (
            Bar("log entries appended in a second, in batches, SQLite", "append_batch_per_s", "≥", 1500),
            Bar(
                "log entries appended in a second, one by one, 8 writers, PostgreSQL",
                "postgresql.append_single_per_s",
                "≥",
                300,
            ),
            Bar("entries of the log that is verified", "entries", "≥", 1_000_000),
            Bar("entries verified in a second", "verify_per_s", "≥", 50_000),
            Bar("memory to verify, MB", "verify_peak_mb", "≤", 200),
            Bar("a proof, ms", "proof_ms", "≤", 20),
            Bar("attacks by script", "tampers.scripted", "≥", 60),
            Bar("bits flipped in files and values", "tampers.flips", "≥", 1000),
            Bar("attacks and flips that nobody noticed", _undetected, "=", 0),
            Bar("logs that nobody touched", "tampers.clean_logs", "≥", 100),
            Bar("false alarms about logs that nobody touched", "false_alarms", "=", 0),
            Bar("a person of 10,000 behaviours and 1,000 explanations erased, s", "erasure_s", "≤", 5),
        ),
        minutes=5,
        postgres=True,
    ),
}
