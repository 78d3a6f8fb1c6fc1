"""Texts that were reported or sampled wait for a reviewer; verdicts are given once and feed the corpus."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from explainer.access import Role
from explainer.errors import CorpusError
from explainer.service.review_examples import anonymous, example_of
from explainer.service.review_export import judged, write_examples
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow, ViewRow
from explainer.storage.reviews import is_sampled
from explainer.tuning.examples import lint, read_corpus
from explainer.writing.slots import SLOT
from tests.integration.commands import run
from tests.integration.problems import problem_of
from tests.integration.test_suppress import asking, explained
from tests.integration.watched import Scripted, keys_of, model_draft, one_cause, writing

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
HOSTILE = "<script>alert('x')</script> {b1} \u202e ' OR 1=1 --"


@pytest.fixture
def keys(database):
    return keys_of(database)


@pytest.fixture
def ask(database, explainer, keys):
    return asking(database, explainer, keys)


def complain(ask, one, kind="wrong", comment=""):
    return ask(A, f"/v1/explanations/{one['id']}/feedback", "POST", {"kind": kind, "comment": comment})


def queue(ask, **search):
    words = "&".join(f"{key}={value}" for key, value in search.items())
    return ask(R, f"/v1/reviews?{words}").json()["reviews"]


def decide(ask, review, verdict="good", note="", role=R):
    return ask(role, f"/v1/reviews/{review['id']}/verdict", "POST", {"verdict": verdict, "note": note})


def reported(ask, kind="wrong", **what):
    one = explained(ask, **what)
    complain(ask, one, kind)
    (review,) = [r for r in queue(ask) if r["explanation"] == one["id"]]
    return one, review


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


@pytest.mark.parametrize(
    "body",
    [{}, {"verdict": "fine"}, {"verdict": "good", "note": "x" * 2001}, {"verdict": "good", "note": "a\x00b"},
     {"verdict": "good", "x": 1}, []],
)  # fmt: skip
def test_verdicts_that_are_none_are_refused_and_the_text_still_waits(ask, body):
    _, review = reported(ask)
    problem_of(ask(R, f"/v1/reviews/{review['id']}/verdict", "POST", body), 400)
    assert queue(ask) == [review]


def test_comments_with_nul_or_of_endless_length_are_refused(ask):
    one = explained(ask)
    for comment in ("a\x00b", "x" * 2001):
        problem_of(complain(ask, one, comment=comment), 400)
    assert queue(ask) == []


def test_what_is_not_there_is_not_found(ask):
    problem_of(ask(R, "/v1/reviews/none"), 404)
    problem_of(decide(ask, {"id": "none"}), 404)


@pytest.fixture
def written(database, model, explainer, keys):
    """How to ask a pipeline whose model writes, of which everything is sampled, and an explanation that it wrote."""
    user, item, aspect = one_cause(explainer)
    pipeline = writing(database, model, Scripted(model_draft(aspect)))
    pipeline.review_percent = 100.0
    ask = asking(database, pipeline, keys)
    one = explained(ask, user, item=item)
    assert one["source"] == "model", one["gate_failures"]
    return ask, one


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


def test_a_good_text_becomes_an_example_that_training_reads(written, database, tmp_path):
    ask, one = written
    (review,) = queue(ask)
    decide(ask, review, "good")
    with database.session() as session:
        found = judged(session)
    (example,) = found.examples
    write_examples(tmp_path / "reviews.jsonl", found.examples)
    assert read_corpus(tmp_path / "reviews.jsonl") == [example]
    assert lint([example]) == {}
    (link,) = example.behaviours
    assert (link.kind.value, list(link.shares)) == ("rating", [one["evidence"][0]["reasons"][0]["aspect"]])
    line = (tmp_path / "reviews.jsonl").read_text()
    assert one["user"] not in line.replace(example.id, "")
    assert one["title"] not in line
    assert one["evidence"][0]["title"] not in line


def test_what_was_judged_bad_keeps_its_verdict_and_note_without_names(written, database):
    ask, one = written
    (review,) = queue(ask)
    note = f"{one['user']} never saw {one['title']} nor {one['evidence'][0]['title'].upper()}. {HOSTILE}"
    decide(ask, review, "wrong", note)
    with database.session() as session:
        found = judged(session)
    assert found.examples == []
    (bad,) = found.rejected
    assert (bad.verdict, bad.source, bad.domain) == ("wrong", "model", "video")
    assert bad.note == f"[removed] never saw [removed] nor [removed]. {HOSTILE}"
    assert set(SLOT.findall(bad.text)) == {"b1", "b1.value", "item"}


def test_the_text_that_was_there_when_it_was_judged_is_the_one_that_counts(written, database):
    ask, one = written
    (review,) = queue(ask)

    def revise(number, draft):
        with database.session() as session:
            row = session.get(ExplanationRow, one["id"])
            session.add(
                RevisionRow(
                    explanation_id=row.id, number=number, text=draft, draft=draft, slots=row.slots, source="model",
                    gate_failures=[], prompt_hash=row.prompt_hash, prompt_version=row.prompt_version,
                    writer_version=row.writer_version,
                )
            )  # fmt: skip

    revise(2, "the second")
    assert [t["text"] for t in ask(R, f"/v1/reviews/{review['id']}").json()["texts"]] == [one["text"], "the second"]
    decide(ask, review, "stilted")
    revise(3, "the third")
    with database.session() as session:
        assert [r.text for r in judged(session).rejected] == ["the second"]


def test_what_the_corpus_cannot_say_is_counted_with_the_reason(ask, database):
    for user in ("u1", "u2"):
        _, review = reported(ask, user=user)
        decide(ask, review, "good")
    with database.session() as session:
        for row in session.scalars(select(ExplanationRow)):
            row.draft = "{item} won an Oscar, says {a1}."
        session.flush()
        found = judged(session)
    assert found.examples == []
    ((reason, count),) = found.left_out.items()
    assert count == 2
    assert "unknown_slot" in reason


def test_a_title_in_a_text_keeps_it_out_of_the_corpus(ask, database):
    one = explained(ask)
    with database.session() as session:
        row = session.get(ExplanationRow, one["id"])
        with pytest.raises(CorpusError, match="a title"):
            example_of(row, f"{{item}} is like {row.evidence[0].title}.", row.slots, "x", "video")


def test_the_same_text_twice_is_one_example(written, database):
    ask, one = written
    again = explained(ask, one["user"], item=one["item"])
    assert again["text"] == one["text"]
    for review in queue(ask):
        decide(ask, review, "good")
    with database.session() as session:
        found = judged(session)
    assert len(found.examples) == 1
    assert found.left_out == {"the corpus has the same text already": 1}


@pytest.mark.parametrize(
    ("title", "note", "left"),
    [
        ("It", "It is wrong, itself.", "[removed] is wrong, itself."),
        ("流浪地球", "他说流浪地球不好", "他说[removed]不好"),
        ("C++ (2)", "not C++ (2)!", "not [removed]!"),
        ("\\d+.*", "see \\d+.* and 7", "see [removed] and 7"),
    ],
)
def test_names_are_removed_whole_whatever_they_are(title, note, left):
    assert anonymous(note, ExplanationRow(user_id="nobody", title=title, evidence=[])) == left


def test_the_command_lists_and_exports(tmp_path, monkeypatch, database, written):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    ask, _ = written
    (review,) = queue(ask)
    _, bad = reported(ask, user="u9")
    shown = run(tmp_path, "reviews", "list", "--state", "open")
    assert shown.exit_code == 0, shown.output
    assert "reported" in shown.output
    assert "sampled" in shown.output
    decide(ask, review, "good")
    decide(ask, bad, "offensive", "No.")
    out, rejected = tmp_path / "reviews.jsonl", tmp_path / "rejected.jsonl"
    result = run(tmp_path, "reviews", "export", "--out", str(out), "--rejected", str(rejected))
    assert result.exit_code == 0, result.output
    assert "1 examples" in result.output
    assert len(read_corpus(out)) == 1
    (line,) = rejected.read_text().splitlines()
    assert json.loads(line)["verdict"] == "offensive"
    checked = run(tmp_path, "corpus", "--file", str(out))
    assert checked.exit_code == 0, checked.output


def test_with_nothing_judged_the_files_are_empty_and_it_says_so(tmp_path, monkeypatch, database):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    result = run(tmp_path, "reviews", "export", "--out", str(tmp_path / "out.jsonl"))
    assert result.exit_code == 0, result.output
    assert "0 examples" in result.output
    assert (tmp_path / "out.jsonl").read_text() == ""


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
