"""The reviewers' pages in a real browser: the queue, one text with its facts, verdicts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from explainer.access import Role
from explainer.server.words import words_in
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.reviews import Judgement, decide
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow, UpgradeRow
from explainer.storage.reviews import Cause, enqueue
from explainer.storage.revisions import DONE
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.ways import PLAIN, Gallery
from tests.integration.watched import names_in

pytestmark = NEEDS_CHROMIUM
COMMENT = "<b>I</b> never\nsaw it, 真的"


@pytest.fixture
def rows(explainer):
    return explainer.explain_top("u3", 3)


def complain(database, row, kind=FeedbackKind.WRONG, comment=COMMENT):
    give_feedback(database, row.id, kind, comment, "shop")


def sample(database, rows):
    with database.session() as session:
        enqueue(session, [row.id for row in rows], Cause.SAMPLED)


def review_of(database, row):
    with database.session() as session:
        return session.scalars(select(ReviewRow).where(ReviewRow.explanation_id == row.id)).one()


def judge(page, t, verdict, note=""):
    page.get_by_label(t(f"review.{verdict}"), exact=True).check()
    page.get_by_label(t("review.note")).fill(note)
    page.get_by_role("button", name=t("review.save")).click()


@pytest.mark.parametrize("way", PLAIN)
def test_a_reviewer_judges_what_was_reported(reader, database, rows, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("review", way)
    sample(database, rows[1:])
    complain(database, rows[0])
    page = reader(Role.REVIEWER, locale, scheme, width, script=script)
    page.goto("/review")
    expect(page.get_by_role("rowheader")).to_have_count(3)
    expect(page.get_by_text(t("review.cause.reported"), exact=True)).to_have_count(1)
    gallery.take(page, "queue")

    page.get_by_role("row", name=t("review.cause.reported")).get_by_role("link").click()
    expect(page.locator("blockquote")).to_have_text(rows[0].text)
    expect(page.locator("pre")).to_have_text(rows[0].draft)
    expect(page.locator(".facts li").first).to_contain_text(rows[0].evidence[0].title)
    expect(page.get_by_text("<b>I</b> never")).to_be_visible()
    assert "u3" not in page.locator("main").inner_text(), "whose it is, is nobody's business here"
    gallery.take(page, "case")
    address = page.url
    judge(page, t, "wrong", "It was another film.\n<i>Really</i>")
    expect(page.get_by_role("rowheader")).to_have_count(2)
    page.get_by_role("link", name=t("review.decided"), exact=True).click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    expect(page.get_by_text(t("review.wrong"), exact=True)).to_be_visible()
    gallery.take(page, "decided")
    page.goto(address)
    expect(page.get_by_role("status")).to_contain_text("<i>Really</i>")
    expect(page.get_by_role("button", name=t("review.save"))).to_have_count(0)
    gallery.take(page, "judged")
    found = review_of(database, rows[0])
    assert (found.verdict, names_in(database)[found.decided_by]) == ("wrong", "a-reviewer")


def test_of_two_verdicts_the_first_one_counts_and_the_second_is_told_so(reader, database, rows):
    t = words_in("en")
    sample(database, rows[:1])
    address = f"/review/{review_of(database, rows[0]).id}"
    slow, quick = reader(Role.REVIEWER, refusals=True), reader(Role.ADMIN)
    for page in (slow, quick):
        page.goto(address)
    judge(quick, t, "good")
    expect(quick.get_by_text("Nothing waits.")).to_be_visible()
    judge(slow, t, "offensive", "No!")
    expect(slow.get_by_role("heading", level=1)).to_have_text("This contradicts what is on record")
    Gallery("review-second").take(slow, "told")
    found = review_of(database, rows[0])
    assert (found.verdict, names_in(database)[found.decided_by], found.note) == ("good", "ada", "")


def test_a_sample_that_is_complained_of_later_is_judged_again(reader, database, rows):
    sample(database, rows[:1])
    review = review_of(database, rows[0])
    decide(database, review.id, Judgement.GOOD, "Fine.", "bob")
    page = reader(Role.REVIEWER)
    page.goto("/review")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    Gallery("review-empty").take(page, "queue")
    complain(database, rows[0], FeedbackKind.OFFENSIVE)
    page.goto("/review")
    page.get_by_role("link", name="Judge it").click()
    expect(page.get_by_role("status")).to_have_count(0)
    judge(page, words_in("en"), "offensive")
    assert review_of(database, rows[0]).verdict == "offensive"


def test_every_text_that_was_shown_can_be_read_newest_first(reader, database, rows):
    row = rows[0]
    sample(database, [row])
    with database.session() as session:
        session.add(UpgradeRow(explanation_id=row.id, state=DONE))
        session.add(
            RevisionRow(
                explanation_id=row.id, number=2, text="A better sentence.", draft="A better sentence about {item}.",
                slots=row.slots, source="model", gate_failures=["digits"], prompt_hash=row.prompt_hash,
                prompt_version=row.prompt_version, writer_version=row.writer_version,
            )
        )  # fmt: skip
    page = reader(Role.REVIEWER)
    page.goto(f"/review/{review_of(database, row).id}")
    assert page.locator("blockquote").all_text_contents() == ["A better sentence.", row.text]
    expect(page.get_by_text("Gate stopped")).to_contain_text("digits")
    Gallery("review-revision").take(page, "two-texts")


def test_the_queue_comes_page_by_page(reader, explainer, database):
    sample(database, explainer.explain_top("u3", 26))
    page = reader(Role.REVIEWER)
    page.goto("/review")
    expect(page.get_by_role("rowheader")).to_have_count(20)
    seen = {link.get_attribute("href") for link in page.get_by_role("link", name="Judge it").all()}
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("rowheader")).to_have_count(6)
    seen |= {link.get_attribute("href") for link in page.get_by_role("link", name="Judge it").all()}
    assert len(seen) == 26


def test_a_verdict_can_be_given_by_keyboard_alone(reader, database, rows):
    sample(database, rows[:1])
    page = reader(Role.REVIEWER)
    page.goto("/review")
    page.get_by_role("link", name="Judge it").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/*")
    page.get_by_label("Good", exact=True).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("Stiff")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    found = review_of(database, rows[0])
    assert (found.verdict, found.note) == ("stilted", "Stiff")


def test_what_the_model_wrote_is_marked(reader, database, rows):
    with database.session() as session:
        session.get_one(ExplanationRow, rows[0].id).source = "model"
    sample(database, rows[:1])
    page = reader(Role.REVIEWER)
    page.goto(f"/review/{review_of(database, rows[0]).id}")
    expect(page.locator(".tag.ai")).to_have_text("AI-written")


def test_an_unknown_review_is_told_on_a_page(reader):
    page = reader(Role.REVIEWER, "zh", "dark", 360, refusals=True)
    assert page.goto("/review/no-such").status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("这里什么也没有")
    Gallery("review-unknown", ("zh", "dark", 360, True)).take(page, "told")
