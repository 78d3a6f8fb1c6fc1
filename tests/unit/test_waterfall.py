"""The waterfall: what it draws adds up, what it says is all it draws, and no title can break it."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.errors import PictureError
from explainer.picture import Part, draw, make_waterfall, waterfall_of
from explainer.picture.labels import Numbers, _columns, clean, shortened
from tests.conftest import HOSTILE

NS = "{http://www.w3.org/2000/svg}"
SIZES = st.floats(-1e6, 1e6).map(lambda x: 0.0 if abs(x) < 1e-6 else x)
PARTS = st.builds(Part, st.text(max_size=60), SIZES, st.booleans())


def parse(picture):
    root = ElementTree.fromstring(picture)
    assert root.tag == f"{NS}svg"
    return root


def drawn(fall):
    """Return the picture's groups, one a row: start and end on the page, label, number."""
    rows = []
    for group in parse(draw(fall)).iter(f"{NS}g"):
        corners = [tuple(map(float, pair.split(","))) for pair in group.find(f"{NS}polygon").get("points").split()]
        label, number = (text.text for text in group.findall(f"{NS}text"))
        rows.append((corners, label, number))
    return rows


def of(*sizes, base=0.0, score=None):
    parts = [Part(f"Film {n}", size) for n, size in enumerate(sizes)]
    return make_waterfall("X", base, base + math.fsum(sizes) if score is None else score, parts)


@given(st.lists(PARTS, max_size=14), SIZES)
def test_the_geometry_adds_up_from_base_to_score(parts, base):
    fall = make_waterfall("X", base, base + math.fsum(part.contribution for part in parts), parts)
    first, *bars, last = [corners for corners, _, _ in drawn(fall)]
    low, high = fall.range
    scale = 320 / (high - low) if high > low else 0.0  # pixels a unit: 360 wide, 20 kept free on each side
    ends = [first[1][0], *(bar[3][0] for bar in bars)]
    assert [bar[0][0] for bar in bars] == pytest.approx(ends[:-1], abs=0.011), "each begins where the last one ended"
    assert last[1][0] == pytest.approx(ends[-1], abs=0.1)
    for bar, step in zip(bars, fall.steps, strict=True):
        assert bar[3][0] - bar[0][0] == pytest.approx(step.size * scale, abs=0.011)
        assert all(19.99 <= x <= 340.01 for x, _ in bar)
    assert len(bars) <= 9


@given(st.lists(PARTS, max_size=14), SIZES, st.text(max_size=200))
def test_the_text_alternative_names_every_bar_with_its_number(parts, base, item):
    fall = make_waterfall(item, base, base + math.fsum(part.contribution for part in parts), parts)
    root = parse(draw(fall))
    assert root.get("role") == "img"
    name, words = (next(e for e in root.iter() if e.get("id") == key) for key in root.get("aria-labelledby").split())
    assert (name.tag, words.tag) == (f"{NS}title", f"{NS}desc")
    said = words.text
    at = 0
    for step, (_, _, number) in zip(fall.steps, drawn(fall)[1:-1], strict=True):
        cited = " (cited)" if step.cited else ""
        found = said.find(f"{clean(step.label)}{cited}: {number}.", at)
        assert found >= at, "in the order drawn"
        at = found + 1
    assert said.endswith(f"Final score: {drawn(fall)[-1][2]}.")


@given(st.lists(SIZES.filter(bool), max_size=9))
def test_sign_is_in_the_text_and_in_the_direction(sizes):
    for (corners, _, number), step in zip(drawn(of(*sizes))[1:-1], of(*sizes).steps, strict=True):
        assert number.startswith("+" if step.size > 0 else "\u2212")
        assert (corners[3][0] - corners[0][0]) * step.size >= 0


def test_a_contribution_of_nothing_is_drawn_as_nothing():
    (corners, label, number) = drawn(of(1.0, 0.0))[2]
    assert (label, number) == ("Film 1", "0")
    assert len({x for x, _ in corners}) == 1


def test_nobody_is_known_then_it_starts_and_ends_at_the_same_place():
    first, last = drawn(make_waterfall("X", 0.25, 0.25, []))
    assert first[0][1][0] == last[0][1][0] == 180
    assert first[2] == last[2]


def test_ten_thousand_behaviours_get_nine_bars_that_still_add_up():
    fall = of(*(1 + n / 10_000 for n in range(10_000)))
    assert [step.label for step in fall.steps] == [
        *(f"Film {n}" for n in range(9_992, 10_000)),
        "9,992 other behaviours",
    ]
    assert fall.steps[-1].end == pytest.approx(fall.score)


def test_the_largest_by_size_are_drawn_in_the_order_given():
    fall = of(1.0, -9.0, 2.0, 3.0, -0.5, 4.0, 5.0, 6.0, 7.0, 0.1, 0.2)
    assert [s.label for s in fall.steps[:-1]] == [f"Film {n}" for n in (0, 1, 2, 3, 5, 6, 7, 8)]
    assert fall.steps[-1].size == pytest.approx(-0.2)


def test_nine_behaviours_need_no_bar_for_one_other():
    assert [s.label for s in of(*range(1, 10)).steps] == [f"Film {n}" for n in range(9)]


@pytest.mark.parametrize(("score", "gap"), [(1.0, None), (1.009, None), (1.02, "+0.02"), (0.5, "\u22120.50")])
def test_what_no_behaviour_explains_is_drawn_when_it_matters(score, gap):
    numbers = [number for _, label, number in drawn(of(0.75, 0.25, score=score)) if label.startswith("Not explained")]
    assert numbers == ([] if gap is None else [gap])


def test_a_rounding_error_is_no_gap():
    assert len(make_waterfall("X", 0.1, 0.1, [Part("a", 0.3), Part("b", -0.3 + 1e-16)]).steps) == 2


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["base", "score", "part"])
def test_what_is_no_number_is_an_error_that_names_the_item(bad, place):
    given = {"base": 0.0, "score": 1.0, "part": 1.0} | {place: bad}
    with pytest.raises(PictureError, match=r"'Dune'.*explainer fit"):
        make_waterfall("Dune", given["base"], given["score"], [Part("a", given["part"])])


@pytest.mark.parametrize("sizes", [[1.7e308] * 12, [1.7e308, 1.7e308], [-1.7e308, 1.7e308, 1.7e308]])
def test_sums_beyond_all_numbers_are_an_error(sizes):
    with pytest.raises(PictureError, match="'X'"):
        make_waterfall("X", 0.0, 1.0, [Part("a", size) for size in sizes])


@pytest.mark.parametrize("title", [*HOSTILE, "\ud800 lone", "\x00\x1b\ufffe", "", "]]>&amp;</svg><script>", "W" * 5000])
def test_hostile_titles_stay_text_and_keep_their_whole(title):
    root = parse(draw(make_waterfall(title, 0, 2, [Part(title, 1.0), Part("a", 1.0)])))
    assert {element.tag.removeprefix(NS) for element in root.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "line", "text", "g", "polygon")
    }
    group = list(root.iter(f"{NS}g"))[1]
    assert group.find(f"{NS}title").text == f"{clean(title)}: +1.00"
    assert len(group.find(f"{NS}text").text) <= 36


def test_nothing_is_asked_of_anywhere():
    picture = draw(of(1.0, -2.0))
    assert re.findall(r"https?://[^\"]*", picture) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\(|@import|@font-face|href|<script|\son\w+=", picture)
    assert parse(picture).keys() == ["viewBox", "role", "aria-labelledby"], "no fixed width"
    assert "prefers-color-scheme: dark" in picture


def test_the_same_numbers_draw_the_same_picture_and_others_other_ids():
    assert draw(of(1.0, 2.0)) == draw(of(1.0, 2.0))
    ids = [re.findall(r' id="([^"]+)"', draw(of(size))) for size in (1.0, 2.0)]
    assert not set(ids[0]) & set(ids[1])


@given(st.text(), st.integers(4, 40))
def test_a_shortened_label_is_a_beginning_that_fits(text, columns):
    short = shortened(text, columns)
    assert _columns(short) <= columns
    marks = str.maketrans("", "", "\u2068\u2069")
    head = short.translate(marks).removesuffix("\u2026").rstrip()
    assert " ".join(clean(text).translate(marks).split()).startswith(head)


def test_wide_letters_count_twice():
    assert shortened("流" * 20, 11) == "流" * 5 + "\u2026"
    assert shortened("a" * 11, 11) == "a" * 11


@pytest.mark.parametrize(
    ("span", "value", "written"),
    [(0.5, 0.1234, "+0.123"), (500, -12.34, "\u221212"), (1e-9, 1.5e-9, "+1.50e\u221209"), (1e12, 2e12, "+2.00e+12")],
)
def test_numbers_have_the_decimals_that_the_range_needs(span, value, written):
    assert Numbers(span).signed(value) == written


def test_a_stored_explanation_shows_every_contribution_and_marks_what_it_cites(explainer):
    (row,) = explainer.explain_top("u3", 1)
    titles = explainer.titles("u3")
    assert set(titles) == set(row.contributions)
    fall = waterfall_of(row, titles)
    assert {s.label for s in fall.steps if s.cited} == {e.title for e in row.evidence}
    assert fall.steps[-1].end == pytest.approx(row.score, abs=0.01 * abs(row.score - row.base_score))
    assert next(s.label for s in waterfall_of(row, {}).steps if not s.cited).startswith("Behaviour ")
