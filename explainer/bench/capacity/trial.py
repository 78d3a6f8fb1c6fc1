"""The model's error: what it makes of a whole run from a part of it, beside what the whole came to."""

from __future__ import annotations

import msgspec

from explainer.bench.capacity import rates as r
from explainer.bench.capacity.growth import growth_of
from explainer.bench.capacity.measured import Run, of_course
from explainer.bench.capacity.rates import MEASURED, Rates
from explainer.bench.course import Course


class Predicted(msgspec.Struct, frozen=True):
    """One figure, predicted and measured.

    Attributes:
        what: In words.
        predicted: From the part.
        measured: Of the whole.
        error: By what share the one misses the other.
    """

    what: str
    predicted: float
    measured: float
    error: float


class Trial(msgspec.Struct, frozen=True):
    """All of them.

    Attributes:
        part: People that it is fitted on,
        whole: and people that it is held against.
        source: Where both were measured.
        figures: What was predicted.
    """

    part: int
    whole: int
    source: str
    figures: tuple[Predicted, ...]


def trial(run: Run) -> Trial:
    """Fit on the part, predict the whole, and say what is missed.

    Raises:
        BenchError: If the part has too few counts of prompts.
    """
    # A machine of one core each: seconds are those of all processes together, in the part as in the whole.
    rates = Rates().but({name: (value, MEASURED, run.source) for name, value in of_course(run.part, 1)})
    whole = run.whole
    # As many as were asked for, as a plan has it: what the run came to is not known beforehand.
    pairs = whole.users * whole.k
    prompts = growth_of(run.part.counts).prompts(pairs * rates[r.TOLD])
    seconds = run.part.starting_s + pairs / rates[r.EXPLAINED] + prompts / rates[r.TEXTS_CORE]
    stored = pairs * (rates[r.BYTES] + whole.behaviours * rates[r.BYTES_BEHAVIOUR])
    took = whole.starting_s + whole.explaining_s + whole.writing_s
    figures = (
        _held("Explanations", pairs, whole.pairs),
        _held("Rows of evidence", rates[r.EVIDENCE] * pairs, whole.rows["evidence"]),
        _held("Entries of the log", _share(run.part, "audit_entries") * pairs, whole.rows["audit_entries"]),
        _held("Distinct prompts", prompts, whole.counts[-1][1]),
        _held("Drafts kept", prompts, whole.rows["drafts"]),
        _held("Megabytes stored", stored / 1e6, whole.stored_bytes / 1e6),
        _held("Seconds, and with them hours and money", seconds, took),
    )
    return Trial(run.part.users, whole.users, run.source, figures)


def _share(course: Course, table: str) -> float:
    return course.rows[table] / course.pairs


def _held(what: str, predicted: float, measured: float) -> Predicted:
    return Predicted(what, predicted, measured, predicted / measured - 1.0 if measured else 0.0)
