"""What was reported or sampled waits for a reviewer, once, and the queue says nothing of whose it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ReviewRow, ViewRow
from explainer.storage.reviews import is_sampled
from explainer.writing.slots import SLOT
from tests.integration.problems import problem_of
from tests.integration.reviews.acting import HOSTILE, R, X, complain, decide, queue, reported
from tests.integration.test_suppress import explained


@pytest.mark.parametrize(("kind", "waits"), [("wrong", True), ("offensive", True), ("helpful", False)])
def test_what_somebody_finds_wrong_or_offensive_waits_for_a_reviewer(ask, kind, waits):
    one = explained(ask)
    complain(ask, one, kind)
    found = [(r["explanation"], r["cause"], r["state"], r["verdict"]) for r in queue(ask)]
    assert found == ([(one["id"], "reported", "open", None)] if waits else [])


def test_ten_complaints_of_one_text_are_one_review(ask, database):
    one = explained(ask)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: complain(ask, one, comment=f"no {n}").status_code, range(10)))
    assert answers == [201] * 10
    (review,) = queue(ask)
    assert len(ask(R, f"/v1/reviews/{review['id']}").json()["feedback"]) == 10


def test_a_reviewer_sees_what_was_shown_its_draft_and_what_people_said_and_that_is_on_record(ask, database):
    one = explained(ask)
    complain(ask, one, "offensive", HOSTILE)
    (review,) = queue(ask)
    case = ask(R, f"/v1/reviews/{review['id']}").json()
    assert case["review"] == review
    assert case["explanation"] == one
    (text,) = case["texts"]
    assert (text["number"], text["text"], text["source"]) == (1, one["text"], "template")
    assert set(SLOT.findall(text["draft"])) <= set(text["slots"])
    assert [(f["kind"], f["comment"]) for f in case["feedback"]] == [("offensive", HOSTILE)]
    with database.session() as session:
        (view,) = session.scalars(select(ViewRow)).all()
    assert (view.role, view.subject, view.what, view.record_id) == ("reviewer", "u1", "review", one["id"])


def test_the_queue_itself_says_nothing_of_whose_the_texts_are(ask, database):
    one, _ = reported(ask)
    answer = ask(R, "/v1/reviews").text
    assert one["text"] not in answer
    assert '"u1"' not in answer
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ViewRow)) == 0


def test_pages_filters_and_cursors(ask):
    for user in ("u1", "u2", "u3"):
        reported(ask, user=user)
    everything = queue(ask)
    decide(ask, everything[1])
    seen, cursor = [], ""
    while cursor is not None:
        page = ask(R, f"/v1/reviews?limit=1{cursor and '&cursor=' + cursor}").json()
        seen += [r["id"] for r in page["reviews"]]
        cursor = page["next"]
    assert seen == [r["id"] for r in everything]
    assert [r["id"] for r in queue(ask, state="open")] == [seen[0], seen[2]]
    assert [r["id"] for r in queue(ask, state="decided")] == [seen[1]]
    assert len(queue(ask, cause="reported")) == 3
    assert queue(ask, cause="sampled") == []


@pytest.mark.parametrize("search", ["state=shut", "cause=rumour", "limit=0", "limit=101", "cursor=nonsense!"])
def test_searches_that_make_no_sense_are_problems(ask, search):
    problem_of(ask(R, f"/v1/reviews?{search}"), 400)


def test_comments_with_nul_or_of_endless_length_are_refused(ask):
    one = explained(ask)
    for comment in ("a\x00b", "x" * 2001):
        problem_of(complain(ask, one, comment=comment), 400)
    assert queue(ask) == []


def test_what_the_model_wrote_is_sampled_and_what_templates_wrote_is_not(written, database):
    ask, one = written
    assert [(r["explanation"], r["cause"]) for r in queue(ask)] == [(one["id"], "sampled")]
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ExplanationRow)) > 1


def test_the_sample_is_of_the_size_that_was_asked_for_and_always_the_same():
    ids = [f"explanation-{n}" for n in range(20_000)]
    one, five = ({i for i in ids if is_sampled(i, percent)} for percent in (1.0, 5.0))
    assert 150 < len(one) < 250
    assert 900 < len(five) < 1100
    assert one < five
    assert not [i for i in ids if is_sampled(i, 0.0)]
    assert all(is_sampled(i, 100.0) for i in ids)


def test_reports_and_their_review_stand_or_fall_together(ask, database, monkeypatch):
    one = explained(ask)

    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr("explainer.service.feedback.report", fail)
    assert complain(ask, one).status_code == 500
    assert ask(X, f"/v1/explanations/{one['id']}").status_code == 200
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ReviewRow)) == 0
        given = select(func.count()).where(AuditEntryRow.event == "feedback.given")
        assert session.scalar(given) == 0
