"""What was judged good feeds the corpus, and what was judged bad is kept; neither names anybody."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from explainer.errors import CorpusError
from explainer.service.review_examples import anonymous, example_of
from explainer.service.review_export import judged, write_examples
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import RevisionRow
from explainer.tuning.examples import lint, read_corpus
from explainer.writing.slots import SLOT
from tests.integration.commands import run
from tests.integration.reviews.acting import HOSTILE, R, decide, queue, reported
from tests.integration.test_suppress import explained


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
