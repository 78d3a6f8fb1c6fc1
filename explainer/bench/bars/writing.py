"""The writer: what its drafts are like, what the gate lets through, and how fast the engines are."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.bar import Bar, Figures, Part, at

_AREA = "The writer and its gate"


def _variety(found: Figures) -> float | None:
    ours, template = at(found, "distinct_2"), at(found, "fallback_distinct_2")
    return None if ours is None or not template else ours / template


def _sharing(found: Figures) -> float | None:
    alone, together = at(found, "per_pair_s"), at(found, "all_s")
    return None if alone is None or not together else alone / together


def _writer(source: str, people: str, first_pass: float, fallback: float, minutes: float) -> Part:
    command = ("explainer", "evaluate", "writer", "--data", "{data}/" + source, "--engine", "openvino")
    return Part(
        _AREA,
        (*command, "--json", "{json}"),
        (
            Bar(f"{people}: first drafts that pass the gate, share", "first_pass", "≥", first_pass),
            Bar(f"{people}: texts that fell back to the template, share", "fallback", "≤", fallback),
            Bar(f"{people}: unique sentences over distinct prompts", "unique", "≥", 0.6),
            Bar(f"{people}: distinct-2, times the template's", _variety, "≥", 3),
            Bar(f"{people}: share of the commonest shape", "largest_shape", "≤", 0.05),
            Bar(f"{people}: time one by one over that with the draft cache", _sharing, "≥", 5),
        ),
        minutes,
        data=source,
        note="610 people × 5 items.",
    )


def _cases(found: Figures) -> float | None:
    return sum(one["cases"] for one in found["classes"].values()) if "classes" in found else None


def _false_accepts(found: Figures) -> float | None:
    return sum(one["false_accepts"] for one in found["classes"].values()) if "classes" in found else None


def _gate(locale: str) -> Part:
    return Part(
        _AREA,
        ("explainer", "evaluate", "gate", "--locale", locale, "--json", "{json}"),
        (
            Bar(f"gate, {locale}: false texts tried", _cases, "≥", 5000),
            Bar(f"gate, {locale}: false texts let through", _false_accepts, "=", 0),
            Bar(f"gate, {locale}: true texts refused, share", "false_reject_rate", "≤", 0.02),
        ),
        minutes=3,
    )


def _titles(found: Figures) -> float | None:
    halves = [at(found, f"{half}.anything.cases") for half in ("choosing", "held_out")]
    return sum(half or 0 for half in halves) or None


def _apart(found: Figures) -> float | None:
    passing = [at(found, f"figures.{engine}_first_drafts_passing") for engine in ("openvino", "transformers_bfloat16")]
    return None if passing[0] is None or passing[1] is None else abs(passing[0] - passing[1])


def benchmark(section: str) -> tuple[str, ...]:
    """Return the command of one section of the checkout's benchmarks."""
    return ("python", "-m", "tests.benchmarks", "--json", "{json}", "--only", *section.split())


WRITING: Mapping[str, Part] = {
    "writer-small": _writer("movielens-small", "MovieLens small", 0.95, 0.01, 20),
    "writer-games": _writer("amazon-games", "Amazon games", 0.90, 0.03, 20),
    "engines": Part(
        _AREA,
        benchmark("engines"),
        (
            Bar("OpenVINO over transformers in bfloat16, one text", "figures.alone_times", "≥", 3),
            Bar("OpenVINO over transformers in bfloat16, batches of 64", "figures.batch_of_64_times", "≥", 1.6),
            Bar("OpenVINO and transformers: shares of first drafts that pass, apart", _apart, "≤", 0.01),
        ),
        minutes=10,
        checkout=True,
    ),
    "gate-en": _gate("en"),
    "gate-zh": _gate("zh"),
    "gate-time": Part(
        _AREA,
        benchmark("gate"),
        (Bar("gate, one draft, median ms", "figures.gate_median_ms", "<", 1),),
        minutes=1,
        checkout=True,
    ),
    "firewall": Part(
        _AREA,
        benchmark("firewall"),
        (
            Bar("explanations for people who did private things", "figures.firewall_cases", "≥", 10_000),
            Bar("traces of private things in texts, prompts, logs, metrics", "figures.firewall_leaks", "=", 0),
        ),
        minutes=12,
        checkout=True,
    ),
    "firewall-titles": Part(
        _AREA,
        ("explainer", "evaluate", "firewall", "--json", "{json}"),
        (Bar("titles that people labelled as private or not", _titles, "≥", 400),),
        minutes=1,
        note="How many of them are found stands in the part's JSON: nobody asked for a figure.",
    ),
}
