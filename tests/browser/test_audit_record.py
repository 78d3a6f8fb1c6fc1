"""One record on the auditor's page, opened and held against the stored row and the templates; found by version."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, update

from explainer.access import Role
from explainer.server.words import words_in
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.version_tables import ModelVersionRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.ways import PLAIN, WAYS, Gallery

pytestmark = NEEDS_CHROMIUM
WRITER = "a" * 64


def opened(page, name):
    """Open what a record keeps folded, and return what is in it."""
    folded = page.locator("details.raw").filter(has=page.get_by_text(name, exact=True))
    inside = folded.locator("pre")
    expect(inside).to_be_hidden()
    folded.locator("summary").click()
    expect(inside).to_be_visible()
    return inside.text_content()


@pytest.mark.parametrize("way", PLAIN)
def test_what_a_record_keeps_folded_is_what_is_stored(reader, explainer, database, way):
    locale, scheme, width, script = way
    t, gallery, style = words_in(locale), Gallery("audit-record", way), Style(locale)
    made = next(row for row in explainer.explain_top("u3", 6, style) if row.evidence)
    with database.session() as session:
        row = session.get_one(ExplanationRow, made.id)
    page = reader(Role.AUDITOR, locale, scheme, width, script=script)
    page.goto(f"/audit/explanations/{row.id}")
    gallery.take(page, "folded")

    draft = page.locator("dt").filter(has=page.get_by_text(t("audit.record.draft"), exact=True)).locator("+ dd")
    expect(draft).to_have_text(row.draft)
    assert "{item}" in row.draft
    kept = {"slots": row.slots, "contributions": row.contributions, "order": row.order, "verdict": row.verdict}
    told = {name: json.loads(opened(page, t(f"audit.record.{name}"))) for name in kept}
    assert told == kept
    assert list(told["contributions"]) == list(row.contributions)
    assert sorted(told["order"]) == sorted(told["contributions"])
    whole = json.loads(opened(page, t("audit.record.every_column")))
    assert (whole["text"], whole["score"], whole["prompt_hash"]) == (row.text, row.score, row.prompt_hash)

    templates = PromptLibrary().sources(style)
    names = page.locator("section[aria-labelledby=s-made] summary.mono").all_text_contents()
    assert names == list(templates)
    assert {name: opened(page, name) for name in names} == templates
    gallery.take(page, "open")


@pytest.mark.parametrize("way", WAYS)
def test_records_are_found_by_what_made_them(reader, explainer, database, way):
    locale, scheme, width, script = way
    t = words_in(locale)
    films = explainer.explain_top("u3", 6)
    notes = explainer.explain_top("u3", 4, Style("zh", "support"))
    with database.session() as session:
        session.execute(insert(ModelVersionRow).values(version=WRITER, kind="writer", name="tiny", details={}))
        by_tiny = ExplanationRow.id.in_([films[2].id, notes[1].id])
        session.execute(update(ExplanationRow).where(by_tiny).values(writer_version=WRITER))
    page = reader(Role.AUDITOR, locale, scheme, width, script=script)

    def find(**versions):
        page.goto("/audit")
        page.get_by_text(t("audit.more_fields")).click()
        for name, version in versions.items():
            page.get_by_label(t(f"audit.field.{name}"), exact=True).fill(version)
        page.get_by_role("button", name=t("audit.find.button"), exact=True).click()
        page.wait_for_url("**/audit?**")
        for name, version in versions.items():
            expect(page.get_by_label(t(f"audit.field.{name}"), exact=True)).to_have_value(version)
        return {link.get_attribute("href").rsplit("/", 1)[1] for link in page.locator("tbody a").all()}

    assert find(recommender=films[0].recommender_version) == {row.id for row in (*films, *notes)}
    assert find(prompt=notes[0].prompt_version) == {row.id for row in notes}
    assert find(writer=WRITER) == {films[2].id, notes[1].id}
    assert find(writer=WRITER, prompt=films[0].prompt_version) == {films[2].id}
    Gallery("audit-by-version", way).take(page, "found")
    assert find(recommender="f" * 64) == set()
    expect(page.get_by_text(t("audit.find.nothing"))).to_be_visible()
