"""A plan gives ranges around what was measured, and says what it does not know; all bars are judged as they stand."""

from __future__ import annotations

import msgspec
import pytest

from explainer.bench.capacity import Rates, capacity, growth_of, rates_from
from explainer.bench.capacity_page import render
from explainer.bench.errors import BenchError
from explainer.bench.everything import Ran, judged


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
    assert "its error is unknown" in render(many)


def test_rates_are_read_and_rubbish_is_refused(tmp_path):
    path = tmp_path / "rates.json"
    path.write_bytes(b'{"gpu_hour": 9.0}')
    assert rates_from(path) == msgspec.structs.replace(Rates(), gpu_hour=9.0)
    for rubbish in (b"", b"[]", b'{"gpu_hours": 9.0}'):
        path.write_bytes(rubbish)
        with pytest.raises(BenchError):
            rates_from(path)


def test_bars_are_judged_by_what_a_folder_holds(tmp_path):
    with pytest.raises(BenchError):
        judged(tmp_path)
    (tmp_path / "machine.json").write_bytes(b'{"cores": "2"}')
    ran = Ran("explainer bench service", 1.0, {"stored_read": {"requests_per_s": 500.0, "p99_ms": 60.0}})
    (tmp_path / "service.ran.json").write_bytes(msgspec.json.encode(ran))
    _, _, bars = judged(tmp_path)
    passed = {bar.name: bar.passed for bar in bars}
    assert passed["stored reads in a second"] is True
    assert passed["stored read, p99 ms"] is False
    assert passed["peak memory, MB"] is None
