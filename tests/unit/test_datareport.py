"""The figures of the data report against their definitions, and findings that say what is in the data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.datareport.catalogue import catalogue_quality
from explainer.datareport.figures import bin_labels, gini, log_bins, lorenz, share_that_holds
from explainer.datareport.findings import findings_of
from explainer.datareport.summary import summarise
from explainer.datareport.timeline import timeline_of
from explainer.datareport.wording import count, number, percent, span
from retriever.data import CleaningReport, Dataset, Item
from retriever.data.screening import screen
from tests.conftest import make_dataset, rating

DAY = 86_400
NOW = 1_600_000_000
counts_lists = st.lists(st.integers(0, 1000), min_size=1, max_size=60)


@given(counts_lists)
def test_gini_is_the_mean_difference(counts):
    array = np.array(counts)
    differences = np.abs(array[:, None] - array[None, :]).mean()
    expected = differences / (2 * array.mean()) if array.sum() else 0.0
    assert gini(array) == pytest.approx(expected, abs=1e-9)


@given(counts_lists)
def test_the_lorenz_curve_rises_from_nothing_to_all_and_never_below_equality(counts):
    shares, held = lorenz(np.array(counts))
    assert (shares[0], held[0], shares[-1]) == (0, 0, 1)
    assert held[-1] == pytest.approx(1.0 if sum(counts) else 0.0)
    assert all(a <= b for a, b in pairwise(held))
    if sum(counts):
        assert (held >= shares - 1e-9).all()


@given(counts_lists, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_the_share_that_holds_half_is_the_smallest(counts, part):
    ordered = sorted(counts, reverse=True)
    need = next((k for k in range(len(counts) + 1) if sum(ordered[:k]) >= part * sum(counts) - 1e-9), 0)
    assert share_that_holds(np.array(counts), part) == pytest.approx(need / len(counts))


@given(st.lists(st.integers(1, 10**7), min_size=1))
def test_every_count_falls_into_one_bin_with_a_label(counts):
    edges = log_bins(max(counts))
    heights, _ = np.histogram(counts, edges)
    assert heights.sum() == len(counts)
    assert len(bin_labels(edges)) == len(heights)


def test_bins_read_as_whole_numbers():
    assert bin_labels(log_bins(9)) == ["1", "2", "3–4", "5–8", "9–16"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.123, "12 %"),
        (0.042, "4.2 %"),
        (0.05, "5 %"),
        (0.00001, "under 0.1 %"),
        (0.995, "99.5 %"),
        (0.99999, "over 99.9 %"),
    ],
)
def test_percentages_never_claim_nothing_or_all(share, text):
    assert percent(share) == text.replace(" %", "\N{NO-BREAK SPACE}%")


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_no_share_between_reads_as_0_or_100_percent(share):
    assert percent(share).split("\N{NO-BREAK SPACE}")[0] not in {"0", "100"}


def test_other_numbers():
    assert [number(v) for v in (1234.5, 12.34, 0.456, 3.0, float("inf"))] == ["1,234", "12.3", "0.46", "3", "none"]
    assert [span(d) for d in (8000, 100, 3, 0.2, 0.01, 0.0001)] == [
        "22 years",
        "3 months",
        "3 days",
        "5 hours",
        "14 minutes",
        "9 seconds",
    ]
    assert [count(1, "user"), count(2000, "user")] == ["1 user", "2,000 users"]


@given(st.lists(st.integers(1, 2_000_000_000), min_size=1, max_size=40))
def test_every_time_falls_into_one_period(times):
    line = timeline_of(Dataset("d", "shop", (), tuple(rating(f"u{n}", "i", 1, t) for n, t in enumerate(times))))
    assert sum(line.counts) == len(times)
    assert line.starts[0].timestamp() <= min(times)
    assert len(line.counts) <= 400


@pytest.mark.parametrize(
    ("days", "period", "start"),
    [(30, "day", (2020, 1, 1)), (400, "week", (2019, 12, 30)), (3000, "month", (2020, 1, 1))],
)
def test_periods_suit_the_span_and_weeks_begin_on_monday(days, period, start):
    first = int(datetime(2020, 1, 1, 12, tzinfo=UTC).timestamp())
    line = timeline_of(Dataset("d", "shop", (), (rating("u", "a", 1, first), rating("u", "b", 1, first + days * DAY))))
    assert line.period == period
    assert line.starts[0] == datetime(*start, tzinfo=UTC)


def test_the_same_title_of_another_year_is_another_film():
    films = [("Dune", 1984), ("Dune", 2021), ("Emma", 1996), ("EMMA ", 1996), ("Emma", None), ("emma", None)]
    quality = catalogue_quality([Item(f"i{n}", title, (), year) for n, (title, year) in enumerate(films)])
    assert (quality.twins, quality.twin_items) == (2, 4)
    assert [twin.ids for twin in quality.twin_examples] == [("i2", "i3"), ("i4", "i5")]


def summary_of(dataset):
    report = CleaningReport()
    return summarise("here", dataset, screen(dataset, report), report)


def headlines(dataset):
    return [finding.headline for finding in findings_of(summary_of(dataset))]


def test_the_summary_counts_what_is_there(dataset):
    summary = summary_of(dataset)
    assert (summary.users, summary.items, summary.behaviours) == (120, 60, 1800)
    assert summary.per_user.sum() == summary.per_item.sum() == 1800
    assert summary.density == pytest.approx(1800 / (120 * 60))
    assert sum(n for _, n in summary.values.counts) == 1800
    assert sum(summary.values.polarity.values()) == pytest.approx(1)


def test_findings_carry_their_number_and_stand_in_order(dataset):
    findings = findings_of(summary_of(dataset))
    weights = [finding.weight for finding in findings]
    assert weights == sorted(weights, reverse=True)
    assert all(0 <= weight <= 100 for weight in weights)
    assert all(any(c.isdigit() for c in f.headline) or f.headline.startswith(("Half", "No ", "One")) for f in findings)


def test_what_is_wrong_with_the_data_is_said():
    items = tuple(Item(f"i{n}", "Same" if n < 3 else f"T{n}") for n in range(40))
    rows = [rating(f"u{u}", f"i{n}", 5, None) for u in range(60) for n in range(3)]
    rows += [rating("big", f"i{n}", 5, None) for n in range(36)]
    said = headlines(Dataset("d", "shop", items, tuple(rows)))
    assert "No behaviour has a time (0 of 216)." in said
    assert "No item has aspects (0 of 40)." in said
    assert "Every value is 5 (216 of them)." in said
    assert "1 title occurs in the catalogue more than once (3 items)." in said
    assert any(line.startswith("One user made 17") for line in said)
    assert any("fewer than 5 behaviours" in line for line in said)
    assert any("have no behaviour" in line for line in said)
    assert any(line.startswith("82") and "one behaviour" in line for line in said)


def test_what_is_right_is_not_called_wrong():
    data = make_dataset()
    spread = tuple(rating(b.user, b.item, b.value, NOW + n * 7001) for n, b in enumerate(data.behaviours))
    said = " ".join(headlines(replace(data, behaviours=spread)))
    for words in ("no behaviour", "time (0", "times are the same", "bots", "more than once", "one sitting", "1 user"):
        assert words not in said


def test_one_sitting_is_said_of_those_who_never_came_back():
    rows = [rating(f"u{u}", f"i{n}", 4, NOW + u * DAY + n * 30) for u in range(60) for n in range(8)]
    items = tuple(Item(f"i{n}", f"T{n}") for n in range(8))
    assert "100\N{NO-BREAK SPACE}% of users did everything in one sitting." in headlines(
        Dataset("d", "shop", items, tuple(rows))
    )
