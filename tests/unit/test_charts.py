"""Charts: what they draw is what was counted, in shapes and in words, whatever the labels hold."""

from __future__ import annotations

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from explainer.picture.charts import Chart, draw_columns, draw_lines
from explainer.picture.scales import nice_top
from tests.conftest import HOSTILE

DAY = timedelta(days=1)
FIRST = date(2026, 3, 2)


def chart(rows, *, whole=False, step=DAY):
    return Chart("A chart", step, rows, lambda value: f"{value:g}", whole)


def drawn(draw, made):
    return ElementTree.fromstring(draw(made))


def test_a_line_has_a_mark_for_every_value_at_its_height():
    root = drawn(draw_lines, chart({"a": {FIRST: 0.0, FIRST + DAY: 0.5, FIRST + 3 * DAY: 1.0}}))
    (line,) = root.findall("polyline")
    points = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
    assert [y for _, y in points] == [162.0, 87.0, 12.0]
    xs = [x for x, _ in points]
    assert xs[2] - xs[1] == pytest.approx(2 * (xs[1] - xs[0]), abs=0.2), "a day without a value takes its room"
    assert [mark.find("title").text for mark in root.findall("circle")[:3]] == [
        "2026-03-02: 0",
        "2026-03-03: 0.5",
        "2026-03-05: 1",
    ]


def test_columns_stack_to_the_sum():
    root = drawn(draw_columns, chart({"a": {FIRST: 3}, "b": {FIRST: 1, FIRST + DAY: 5}}, whole=True))
    bars = [bar for bar in root.findall("rect") if bar.find("title") is not None]
    assert [bar.find("title").text for bar in bars] == ["2026-03-02: a 3", "2026-03-02: b 1", "2026-03-03: b 5"]
    heights = [float(bar.get("height")) for bar in bars]
    assert heights == [pytest.approx(90, abs=1), pytest.approx(30, abs=1), pytest.approx(150, abs=1)]
    assert float(bars[1].get("y")) + heights[1] <= float(bars[0].get("y")), "one on top of the other"


def test_the_description_says_every_number():
    made = chart({"a": {FIRST: 0.25}, "b": {FIRST: 0.5, FIRST + 7 * DAY: 0.75}}, step=7 * DAY)
    assert made.description == "2026-03-02: a 0.25; b 0.5. 2026-03-09: b 0.75."
    root = drawn(draw_lines, made)
    assert root.find("desc").text == made.description
    assert root.get("aria-labelledby") == root.find("title").get("id")
    assert root.get("aria-describedby") == root.find("desc").get("id")


def test_rows_are_told_apart_by_shape_too():
    root = drawn(draw_lines, chart({name: {FIRST: 1.0} for name in "abcdef"}))
    shapes = {(m.tag, m.get("points", "").count(",")) for m in root if m.tag in {"circle", "rect", "polygon"}}
    assert len(shapes) >= 4
    assert [e.text for e in root.findall("text")][-6:] == list("abcdef")


@pytest.mark.parametrize("draw", [draw_lines, draw_columns])
@pytest.mark.parametrize("title", [*HOSTILE, "\ud800", "x" * 500])
def test_no_label_breaks_the_picture_or_the_page(draw, title):
    written = draw(chart({title: {FIRST: 1.0}}))
    ElementTree.fromstring(written)
    assert "<script" not in written


@pytest.mark.parametrize("draw", [draw_lines, draw_columns])
def test_nothing_and_nothing_but_zeros_can_be_drawn(draw):
    for rows in ({}, {"a": {}}, {"a": {FIRST: 0.0}}):
        assert drawn(draw, chart(rows)).find("title").text == "A chart"


def test_ten_years_of_days_stay_inside():
    root = drawn(draw_columns, chart({"a": {FIRST + n * DAY: n % 7 for n in range(3650)}}, whole=True))
    for bar in root.findall("rect"):
        assert 40 <= float(bar.get("x")) <= 352


@pytest.mark.parametrize(
    ("largest", "whole", "top"),
    [
        (0, True, 1),
        (1, True, 1),
        (3, True, 5),
        (11, True, 20),
        (100, True, 100),
        (0, False, 0.01),
        (0.3, False, 0.5),
        (1, False, 1),
    ],
)
def test_axes_end_at_numbers_that_one_can_read(largest, whole, top):
    assert nice_top(largest, whole) == pytest.approx(top)
