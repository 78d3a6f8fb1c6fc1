"""Templates say what a film is and rate alike at once; titles are filled in with one full stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.writing.aspects import as_kind
from explainer.writing.gate import check
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.slots import fill, fill_plainly, slot_values
from explainer.writing.style import Style
from explainer.writing.texts import Request
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import told_facts
from tests.unit.ratings import rated
from tests.unit.test_gate import evidence

LIBRARY = PromptLibrary()


@given(st.text("ab .?!1é…", max_size=20), st.text("Ab .?!…", max_size=12))
def test_filling_puts_a_title_in_once_and_takes_away_no_more_than_a_full_stop(text, title):
    values = {"item": title}
    assert fill(text, values) == text, "what has no slots stays as it is"
    draft = f"{text}{{item}}. {text}"
    end = f"{text}{title}"
    ends_itself = title.endswith((".", "!", "?", "…"))
    assert fill(draft, values) == (f"{end} {text}" if ends_itself else f"{end}. {text}")
    assert fill_plainly(draft, values) == f"{end}. {text}"


def test_a_title_that_ends_a_sentence_by_itself_needs_no_full_stop():
    values = {"item": "When Harry Met Sally...", "b1": "O Brother, Where Art Thou?"}
    assert fill("Here is {item}.", values) == "Here is When Harry Met Sally..."
    assert (
        fill("Here is {item}. You saw {b1}.", values)
        == "Here is When Harry Met Sally... You saw O Brother, Where Art Thou?"
    )
    assert fill("Why {b1}? {item}, too.", values) == "Why O Brother, Where Art Thou? When Harry Met Sally..., too."


def test_customers_are_not_told_of_the_rating_that_spoke_against_it_and_staff_is():
    facts = evidence("r drama", "r drama low")
    assert [b.slot for b in told_facts(Request(facts, "u"), Style()).behaviours] == ["b1"]
    assert told_facts(Request(facts, "u"), Style("en", "support")).behaviours == facts.behaviours


@pytest.mark.parametrize(
    ("aspects", "kind"),
    [
        (["romance", "comedy"], "a romantic comedy"),
        (["action"], "an action film"),
        (["adventure", "action"], "an action adventure"),
        (["war", "action"], "a war and action film"),
        (["time travel"], ""),
        (["war", "crime", "drama"], ""),
        ([], ""),
    ],
)
def test_what_a_film_is_by_its_genres(aspects, kind):
    assert as_kind(aspects, "film") == kind


def test_templates_say_what_a_film_is_and_rate_two_alike_at_once():
    facts = evidence("r romance", "r romance")
    texts = {fill(LIBRARY.fallback(facts, variant), slot_values(facts)) for variant in range(VARIANTS)}
    assert any("both b1 and b2 5 stars" in text for text in texts)
    assert all("romance" in text and "filed" not in text and "shelf" not in text for text in texts)
    unknown = evidence("r cyberpunk")
    assert any("is filed under cyberpunk" in LIBRARY.fallback(unknown, variant) for variant in range(VARIANTS))


def test_templates_make_no_sentence_of_because_alone():
    for variant in range(VARIANTS):
        draft = LIBRARY.fallback(evidence("r people"), variant)
        assert not draft.startswith("Because") or ", here is {item}: " in draft


def test_chinese_templates_tell_equal_ratings_once_and_the_gate_knows_when_that_is_true():
    style, facts = Style("zh"), evidence("r drama", "r drama")
    words = load_vocabulary("zh")
    draft = LIBRARY.fallback(facts, 0, style)
    assert "给{b1}和{b2}都打了{b1.value}" in draft
    assert check(draft, facts, words, style).failures == ()
    different = rated(facts, 5.0, 4.0)
    assert check(draft, different, words, style).failures == ("misattached: b1.value",)
    assert "给{b1}打了{b1.value}，给{b2}打了{b2.value}" in LIBRARY.fallback(different, 0, style)
