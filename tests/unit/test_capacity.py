"""A plan gives ranges around what was measured, and says what it does not know; all bars are judged as they stand."""

from __future__ import annotations

import msgspec
import pytest
from click.testing import CliRunner

from explainer.bench import everything
from explainer.bench.capacity import Rates, capacity, growth_of, rates_from
from explainer.bench.capacity_page import render
from explainer.bench.errors import BenchError
from explainer.bench.everything import PARTS, Part, Ran, judged
from explainer.bench.everything_page import places
from explainer.bench.everything_page import render as bars_page
from explainer.cli import main


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
    few, many = capacity(1000, 20), capacity(10_000_000, 20)
    for found in (few, many):
        for span in (found.prompts, found.gigabytes, found.core_hours, found.money_with_gpu, found.money_on_cores):
            assert 0 < span.low <= span.likely <= span.high
        assert found.prompts.high <= found.rows["explanations"]
    assert many.prompts.likely > few.prompts.likely
    assert f"{10_000_000:,} people" in render(many)
    assert "the law misses it by" in render(many)


def test_of_two_counts_nobody_knows_how_far_the_law_is_wrong():
    rates = msgspec.structs.replace(Rates(), pairs_and_prompts=((100, 80), (1000, 400)))
    assert "its error is unknown" in render(capacity(1000, 20, rates=rates))


def test_rates_are_read_and_rubbish_is_refused(tmp_path):
    path = tmp_path / "rates.json"
    path.write_bytes(b'{"gpu_hour": 9.0}')
    assert rates_from(path) == msgspec.structs.replace(Rates(), gpu_hour=9.0)
    for rubbish in (b"", b"[]", b'{"gpu_hours": 9.0}'):
        path.write_bytes(rubbish)
        with pytest.raises(BenchError):
            rates_from(path)


def test_what_was_measured_adds_a_count_of_prompts_and_an_error(tmp_path):
    ahead = {"pairs": 12_000, "prompts": 2_600, "dedup_ratio": 3.9}
    shop = {"explanations_per_s": 400.0, "processes": 2}
    path = tmp_path / "scale.json"
    path.write_bytes(msgspec.json.encode({"machine": {"cores": 2}, "pregenerate": ahead, "synthetic": shop}))
    rates = rates_from(path)
    assert rates.pairs_and_prompts == (*Rates().pairs_and_prompts, (10_140, 2_600))
    assert rates.told == pytest.approx(10_140 / 12_000)
    assert rates.explained_per_core_s == Rates().explained_per_core_s
    found = capacity(1000, 20, rates=rates)
    assert found.growth.error is not None
    assert "the law misses it by" in render(found)


def test_bars_are_judged_by_what_a_folder_holds(tmp_path):
    with pytest.raises(BenchError):
        judged(tmp_path)
    ran = Ran("explainer bench service", 1.0, {"stored_read": {"requests_per_s": 500.0, "p99_ms": 60.0}})
    (tmp_path / "service.ran.json").write_bytes(msgspec.json.encode(ran))
    ran, bars = judged(tmp_path)
    passed = {bar.name: bar.passed for bar in bars}
    assert passed["stored reads in a second"] is True
    assert passed["stored read, p99 ms"] is False
    assert passed["peak memory, MB"] is None
    assert {bar.part for bar in bars} == set(PARTS)


def test_replicas_and_equal_rows_have_bars(tmp_path):
    calm = {"lost": 0, "twice": 0, "unexpected": 0, "jobs_left": 2}
    figures = {"replicas": {"rolling": {"failed": 0}, "outage": calm}, "pregenerate": {"same_rows": False}}
    (tmp_path / "scale.ran.json").write_bytes(msgspec.json.encode(Ran("", 1.0, figures)))
    passed = {bar.name: bar.passed for bar in judged(tmp_path)[1] if bar.passed is not None}
    assert sorted(passed.values()) == [False, False, True, True, True, True]
    assert passed["jobs left afterwards"] is passed["Ray stores the same texts (1: yes)"] is False


def test_what_failed_is_run_again_and_each_part_keeps_its_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(everything, "PARTS", {"bad": Part(("no such command",), ()), "good": Part(("--version",), ())})
    monkeypatch.setattr(everything, "machine", lambda: {"cores": "two"})
    said = []
    everything.run(tmp_path, (), said.append)
    assert said == ["Measuring bad", "Measuring good"]
    ran, _ = judged(tmp_path)
    assert ran["bad"].failure
    assert ran["good"].machine == {"cores": "two"}
    (tmp_path / "good.ran.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(ran["good"], failure="")))
    (tmp_path / "bad.ran.json").write_bytes(msgspec.json.encode(ran["bad"]))
    monkeypatch.setattr(everything, "machine", lambda: {"cores": "three"})
    everything.run(tmp_path, (), said.append)
    assert said[2:] == ["Measuring bad"]
    assert {name: one.machine["cores"] for name, one in judged(tmp_path)[0].items()} == {"bad": "three", "good": "two"}


def test_a_package_that_is_not_there_is_said_so(monkeypatch):
    monkeypatch.setattr(everything, "_PACKAGES", ("no-such-package-anywhere",))
    assert everything.machine()["packages"] == "no-such-package-anywhere not installed"


def test_figures_are_drawn_against_their_bars_and_what_is_written_is_escaped(tmp_path):
    figures = {"stored_read": {"requests_per_s": 800.0}, "engine_down": {"unhandled_5xx": 0}}
    ran = Ran("explainer bench service", 1.0, figures, "<script>", {"cores": "2"})
    (tmp_path / "service.ran.json").write_bytes(msgspec.json.encode(ran))
    ran, bars = judged(tmp_path)
    drawn = [places(bar) for bar in bars if bar.measured is not None]
    assert drawn == [(75.0, 37.5), (0.0, 0.0)]
    page = bars_page(ran, bars)
    assert page.count("<svg") == 2
    assert 'width="75.00"' in page
    assert "<script>" not in page


def test_two_parts_that_want_an_empty_database_are_not_given_one(tmp_path):
    url = {"EXPLAINER_BENCH_POSTGRES_URL": "postgresql+pg8000://nobody@127.0.0.1:1/none"}
    found = CliRunner().invoke(main, ["bench", "scale", "--json", str(tmp_path / "x.json")], env=url)
    assert found.exit_code == 2
    assert "EXPLAINER_BENCH_POSTGRES_URL" in found.output
    assert not (tmp_path / "x.json").exists()
