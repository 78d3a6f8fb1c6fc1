"""A plan gives ranges around what it rests on, says of each assumption where it comes from, and how far off it was."""

from __future__ import annotations

import json
from types import SimpleNamespace

import msgspec
import pytest
from click.testing import CliRunner

from explainer.bench import course as ahead
from explainer.bench.capacity import rates as r
from explainer.bench.capacity.growth import growth_of
from explainer.bench.capacity.measured import given, given_in, measured_in
from explainer.bench.capacity.model import Asked, capacity
from explainer.bench.capacity.page import render
from explainer.bench.capacity.rates import ASSUMED, COUNTS, DEFAULTS, GIVEN, MEASURED, Rates
from explainer.bench.capacity.trial import trial
from explainer.bench.errors import BenchError
from explainer.cli import main
from explainer.service.pregenerate.local import PREPARED, STORED, WRITTEN

MACHINE = {"Processor": "a", "Cores": "2", "Python": "3.11"}


def law(pairs):
    return round(1.5 * pairs**0.75)


def course(users, explained_per_s=100.0, texts_per_s=20.0, size=11_000):
    """Return what a run comes to whose every figure follows the model."""
    pairs, asked = 10 * users, 9 * users
    counts = [[round(asked * share), law(asked * share)] for share in (0.1, 0.3, 0.6, 1.0)]
    rows = {"explanations": pairs, "evidence": 2 * pairs, "audit_entries": pairs, "drafts": counts[-1][1]}
    return {
        "users": users, "pairs": pairs, "asked": asked, "counts": counts, "behaviours": 100.0, "rows": rows,
        "stored_bytes": pairs * size, "bytes_per_behaviour": 60.0, "starting_s": 5.0,
        "explaining_s": pairs / explained_per_s, "writing_s": counts[-1][1] / texts_per_s, "processes": 2,
        "database": "sqlite", "k": 10,
    }  # fmt: skip


def scale(part, whole):
    ahead = {"pairs": whole["pairs"], "prompts": whole["counts"][-1][1], "part": part, "whole": whole}
    ahead["dedup_ratio"] = whole["asked"] / ahead["prompts"]
    return {"machine": MACHINE, "date": "2026-11-28 05:00", "pregenerate": ahead}


@pytest.fixture
def file(tmp_path):
    def write(value, name="measured.json"):
        path = tmp_path / name
        path.write_bytes(value if isinstance(value, bytes) else msgspec.json.encode(value))
        return path

    return write


def test_growth_that_follows_the_law_is_found_and_has_no_error():
    growth = growth_of([(n, round(2 * n**0.8)) for n in (1000, 10_000, 100_000)])
    assert growth.exponent == pytest.approx(0.8, abs=0.001)
    assert growth.error == pytest.approx(0, abs=0.01)
    assert growth_of([(10, 10), (100, 80)]).error is None


@pytest.mark.parametrize("points", [[], [(10, 5)], [(10, 20), (20, 30)], [(10, 5), (10, 6)], [(0, 0), (9, 3)]])
def test_counts_that_say_nothing_are_refused(points):
    with pytest.raises(BenchError):
        growth_of(points)


def test_ranges_hold_what_is_likely_and_grow_with_the_people():
    few, many = capacity(Asked(1000, 20, reads_per_s=10)), capacity(Asked(10_000_000, 20, reads_per_s=10))
    for found in (few, many):
        for span in (found.prompts, found.gigabytes, found.core_hours, found.writing_gpu_hours, found.serving_cores,
                     found.money_with_gpu, found.money_on_cores, found.money_stored):  # fmt: skip
            assert 0 < span.low <= span.likely <= span.high
        assert found.prompts.high <= found.rows["explanations"]
    assert many.prompts.likely > few.prompts.likely
    assert f"{10_000_000:,} people" in render(many)
    assert "the law misses it by" in render(many)


def test_errors_of_several_assumptions_leave_more_than_any_of_them_alone_and_less_than_all_at_once():
    found = capacity(Asked(10_000_000, 20))
    alone = next(iter(found.sways.values()))
    assert found.money_with_gpu.high >= alone[1]
    assert found.money_with_gpu.low <= alone[0]
    every = [found.rates.of[name].spread[1] for name in (r.GPU_HOUR, r.CORE_HOUR)]
    assert found.money_with_gpu.high < found.money_with_gpu.likely * every[0] * every[1]


def test_what_is_given_is_taken_as_it_is_and_what_is_assumed_says_so():
    free = given(Rates(), {r.CORE_HOUR: 1.0, r.GPU_HOUR: 1.0, r.TEXTS_GPU: 3600.0, r.EXPLAINED: 3600.0, r.TOLD: 1.0})
    found = capacity(Asked(1000, 10), free)
    assert found.core_hours.likely == found.core_hours.high == pytest.approx(10_000 / 3600 / 3600)
    assert set(found.sways) == {"How prompts repeat (β)"}
    assert (free.of[r.GPU_HOUR].kind, Rates().of[r.GPU_HOUR].kind) == (GIVEN, ASSUMED)
    page = render(found)
    assert page.count('<strong class="">given</strong>') == 5
    assert all(f"--{name}" in page for name in DEFAULTS)
    assert "assumed, no measurement" in render(capacity(Asked(1000, 10)))


@pytest.mark.parametrize("values", [{"nobody": 1.0}, {r.GPU_HOUR: 0.0}, {r.TOLD: 1.5}, {r.BYTES: float("inf")}])
def test_what_makes_no_sense_is_not_taken(values):
    with pytest.raises(BenchError):
        given(Rates(), values)


def test_rates_of_ones_own_are_read_and_rubbish_is_refused(file):
    assert given_in(file({r.GPU_HOUR: 9.0}), Rates())[r.GPU_HOUR] == 9.0
    for rubbish in (b"", b"[]", b'{"gpu-hours": 9.0}', b'{"gpu-hour": "dear"}'):
        with pytest.raises(BenchError):
            given_in(file(rubbish), Rates())


def test_of_two_counts_nobody_knows_how_far_the_law_is_wrong():
    rates = msgspec.structs.replace(Rates(), counts=((100, 80), (1000, 400)))
    assert "its error is unknown" in render(capacity(Asked(1000, 20), rates))


def test_rates_come_from_what_was_measured_with_its_date_and_command(file):
    whole = course(1000)
    rates, run = measured_in([file(scale(course(200), whole)), file(
        {"stored_read": {"requests_per_s": 1500.0}, "machine": MACHINE, "date": "2026-11-27 01:00"}, "service.json"
    )])  # fmt: skip
    assert rates[r.EXPLAINED] == pytest.approx(50)
    assert rates[r.TEXTS_CORE] == pytest.approx(10)
    assert rates[r.BYTES] + 100 * rates[r.BYTES_BEHAVIOUR] == pytest.approx(11_000)
    assert (rates[r.TOLD], rates[r.EVIDENCE], rates[r.READS]) == (0.9, 2.0, 750.0)
    assert [list(one) for one in rates.counts] == whole["counts"] != [list(one) for one in COUNTS]
    assert rates.of[r.EXPLAINED].kind == MEASURED
    assert "on 2026-11-28 05:00 by explainer bench scale" in rates.of[r.EXPLAINED].source
    assert rates.of[r.GPU_HOUR] == DEFAULTS[r.GPU_HOUR]
    assert "2026-11-27 01:00 by explainer bench service" in render(capacity(Asked(10, 10), rates), trial(run))


@pytest.mark.parametrize("machine", [MACHINE, {"cpu": "a", "cores": 2, "python": "3.11"}])
def test_the_machine_is_known_however_a_file_describes_it(file, machine):
    read = {"stored_read": {"requests_per_s": 1500.0}, "machine": machine, "date": "2026-11-27"}
    rates, _ = measured_in([file(read)])
    assert rates[r.READS] == 750.0
    assert rates.of[r.READS].source == "on 2026-11-27 by explainer bench service, 2 cores, Python 3.11"


def test_a_run_that_follows_the_model_is_foretold_and_one_that_does_not_shows_by_how_much(file):
    def errors(part, whole):
        _, run = measured_in([file(scale(part, whole))])
        return {one.what: one.error for one in trial(run).figures}

    for what, error in errors(course(200), course(1000)).items():
        assert error == pytest.approx(0, abs=0.01), what
    slow = errors(course(200), course(1000, explained_per_s=50.0, size=22_000))
    assert slow["Megabytes stored"] == pytest.approx(-0.5)
    assert slow["Seconds, and with them hours and money"] < -0.2
    _, run = measured_in([file(scale(course(200), course(1000, size=22_000)))])
    assert "−50.0" in render(capacity(Asked(10, 10)), trial(run))
    assert "No measured run is at hand" in render(capacity(Asked(10, 10)))


def test_explanations_are_foretold_from_what_was_asked_for_and_not_from_how_many_there_were(file):
    short = course(1000) | {"pairs": 8_000}
    _, run = measured_in([file(scale(course(200), short))])
    assert trial(run).figures[0].error == pytest.approx(0.25)
    _, run = measured_in([file(scale(course(200), short | {"k": 8}))])
    assert trial(run).figures[0].error == 0
    del short["k"]  # a file from before it was written down
    _, run = measured_in([file(scale(course(200), short))])
    assert trial(run).figures[0].predicted == 10_000


def test_without_a_part_or_with_too_little_in_it_there_is_no_trial(file):
    alone = scale(None, course(1000))
    assert measured_in([file(alone)])[1] is None
    few = course(200) | {"counts": [[10, 10]]}
    assert measured_in([file(scale(few, course(1000)))])[1] is None


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"[]", {"machine": MACHINE}, {"pregenerate": {}, "machine": MACHINE}, {"stored_read": {"requests_per_s": 1}},
     {"stored_read": {"requests_per_s": 1}, "machine": MACHINE | {"Cores": "two"}},
     {"pregenerate": {"pairs": 0, "prompts": 1, "dedup_ratio": 1.0}, "machine": MACHINE}],
)  # fmt: skip
def test_what_no_bench_wrote_is_refused(file, rubbish):
    with pytest.raises(BenchError):
        measured_in([file(rubbish)])


def test_the_command_takes_what_the_home_holds_and_what_it_is_given(tmp_path):
    bench = tmp_path / "bench"
    bench.mkdir()
    (bench / "scale-pregenerate.json").write_bytes(msgspec.json.encode(scale(course(200), course(1000))))
    out, page = tmp_path / "plan.json", tmp_path / "plan.html"
    ask = ["--home", str(tmp_path), "plan", "--gpu-hour", "4", "--json", str(out), "--out", str(page)]
    found = CliRunner().invoke(main, ask)
    assert found.exit_code == 0, found.output
    written = json.loads(out.read_bytes())
    rests = written["plan"]["rates"]["of"]
    assert (rests[r.GPU_HOUR]["value"], rests[r.GPU_HOUR]["kind"]) == (4.0, GIVEN)
    assert rests[r.EXPLAINED]["kind"] == MEASURED
    assert written["error"]["figures"][0]["error"] == 0
    assert "Fitted on 200 people alone" in page.read_text(encoding="utf-8")
    assert CliRunner().invoke(main, ["plan", "--told", "1.5"]).exit_code == 1


def test_the_clock_of_a_run_tells_starting_explaining_and_writing_apart(monkeypatch):
    times = iter((0.0, 1.0, 6.0, 8.0, 18.0, 21.0))
    monkeypatch.setattr(ahead, "time", SimpleNamespace(perf_counter=lambda: next(times)))
    clock = ahead.Clock()
    clock.begin()
    for what in (PREPARED, PREPARED, WRITTEN, STORED):
        clock.ended(what)
    assert (clock.starting_s, clock.explaining_s, clock.writing_s) == (5.0, 5.0, 10.0)
