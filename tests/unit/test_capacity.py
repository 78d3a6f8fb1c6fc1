"""A plan gives ranges around what was measured, and says what it does not know."""

from __future__ import annotations

import msgspec
import pytest

from explainer.bench.capacity import Rates, capacity, growth_of, rates_from
from explainer.bench.capacity_page import render
from explainer.bench.errors import BenchError


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
