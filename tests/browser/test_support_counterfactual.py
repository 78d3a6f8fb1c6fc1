"""What would have changed a recommendation, as support reads it: in words, and what they say comes true."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from explainer.access import Role
from explainer.service.counterfactuals import find
from explainer.service.exclusions import exclude_behaviours
from explainer.storage.explanation_tables import CounterfactualRow
from explainer.writing.style import Style
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.ways import WAYS, Gallery

pytestmark = NEEDS_CHROMIUM
HEADING = {"en": "What would have changed it", "zh": "怎样才会不同"}
NAMED, AND = {"en": "{}", "zh": "《{}》"}, {"en": " and ", "zh": "和"}
INSTEAD = {
    "en": "Without {titles} it would rank {rank}, and {instead} would come into the top 6.",
    "zh": "如果没有{titles}，它会排在第 {rank} 名，{instead}则会进入前 6 名。",
}
NONE = {
    "en": "We found no set of up to 3 behaviours without which it would leave the top 6.",
    "zh": "没有发现去掉哪几个行为（最多 3 个）就会让它跌出前 6 名。",
}


def told_of(page, row):
    """Return the heading of the counterfactual on an explanation's page, and the sentence below it."""
    page.goto(f"/support/explanations/{row.id}")
    why = page.locator("section[aria-labelledby=why]")
    return why.get_by_role("heading", level=3).first, why.locator("h3 + p").first


@pytest.mark.parametrize("way", WAYS)
def test_support_reads_what_would_have_changed_it_and_it_comes_true(reader, explainer, way):
    locale, scheme, width, script = way
    row = explainer.explain_top("u3", 6, Style(locale))[0]
    page = reader(Role.SUPPORT, locale, scheme, width, script=script)
    heading, sentence = told_of(page, row)
    expect(heading).to_have_text(HEADING[locale])
    found, titles = find(explainer, row), explainer.titles("u3")
    names = [NAMED[locale].format(titles[key]) for key in found.behaviours]
    instead = NAMED[locale].format(found.replacement_title)
    said = INSTEAD[locale].format(titles=AND[locale].join(names), rank=found.new_rank, instead=instead)
    expect(sentence).to_have_text(said)
    Gallery("support-counterfactual", way).take(page, "told")

    exclude_behaviours(explainer.database, "u3", found.behaviours)
    without = [one.item_id for one in explainer.explain_top("u3", found.new_rank)]
    assert without.index(row.item_id) + 1 == found.new_rank > 6
    assert found.replacement in without[:6]


@pytest.mark.parametrize("way", WAYS)
def test_support_reads_that_nothing_small_would_have_changed_it(reader, explainer, database, way):
    locale, scheme, width, script = way
    row = explainer.explain_top("u3", 6, Style(locale))[0]
    find(explainer, row)
    with database.session() as session:
        stored = session.get_one(CounterfactualRow, row.id)
        stored.record = dict.fromkeys(stored.record) | {"k": 6, "max_size": 3, "exhaustive": True}
    heading, sentence = told_of(reader(Role.SUPPORT, locale, scheme, width, script=script), row)
    expect(heading).to_have_text(HEADING[locale])
    expect(sentence).to_have_text(NONE[locale])
