"""Verdicts are given once, a complaint of a sampled text asks for another, and what is harmful is used no more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from explainer.storage.audit_tables import AuditEntryRow
from tests.integration.problems import problem_of
from tests.integration.reviews.acting import HOSTILE, R, complain, decide, queue, reported
from tests.integration.test_suppress import explained


def test_a_verdict_is_given_once(ask, database):
    _, review = reported(ask)
    first = decide(ask, review, "stilted", HOSTILE)
    assert first.status_code == 200
    made = first.json()
    assert (made["state"], made["verdict"], made["note"], made["decided_by"]) == (
        "decided", "stilted", HOSTILE, "reviewer",
    )  # fmt: skip
    assert "stilted" in problem_of(decide(ask, review, "good"), 409)
    assert queue(ask) == [made]
    with database.session() as session:
        entries = select(AuditEntryRow).where(AuditEntryRow.record_id == review["id"])
        assert [e.event for e in session.scalars(entries)] == ["review.opened", "review.decided"]


def test_of_verdicts_at_the_same_moment_one_counts(ask):
    _, review = reported(ask)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: decide(ask, review).status_code, range(8)))
    assert sorted(answers) == [200] + [409] * 7


def test_a_later_complaint_of_a_judged_report_changes_nothing(ask):
    one, review = reported(ask)
    made = decide(ask, review).json()
    complain(ask, one, "offensive")
    assert queue(ask) == [made]


@pytest.mark.parametrize(
    "body",
    [{}, {"verdict": "fine"}, {"verdict": "good", "note": "x" * 2001}, {"verdict": "good", "note": "a\x00b"},
     {"verdict": "good", "x": 1}, []],
)  # fmt: skip
def test_verdicts_that_are_none_are_refused_and_the_text_still_waits(ask, body):
    _, review = reported(ask)
    problem_of(ask(R, f"/v1/reviews/{review['id']}/verdict", "POST", body), 400)
    assert queue(ask) == [review]


def test_what_is_not_there_is_not_found(ask):
    problem_of(ask(R, "/v1/reviews/none"), 404)
    problem_of(decide(ask, {"id": "none"}), 404)


def test_a_sampled_text_that_somebody_complains_of_is_judged_again(written):
    ask, one = written
    (review,) = queue(ask)
    decide(ask, review, "good", "Fine.")
    complain(ask, one)
    assert [(r["id"], r["cause"], r["state"], r["note"]) for r in queue(ask)] == [
        (review["id"], "reported", "open", ""),
    ]  # fmt: skip
    assert decide(ask, review, "wrong").status_code == 200


@pytest.mark.parametrize(
    ("verdict", "source"), [("wrong", "template"), ("offensive", "template"), ("stilted", "model")]
)
def test_a_harmful_text_is_used_for_nobody_else(written, verdict, source):
    ask, one = written
    (review,) = queue(ask)
    decide(ask, review, verdict)
    again = explained(ask, one["user"], item=one["item"])
    assert again["source"] == source
    assert again["text"]
    assert "suppressed" not in again
