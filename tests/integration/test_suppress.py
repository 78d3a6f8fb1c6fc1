"""A text that was taken back is shown to no customer any more, and the model's draft to nobody else."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from explainer.access import Role
from explainer.audit import log
from explainer.server.app import create_app
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import DraftRow, ExplanationRow
from explainer.storage.explanations import find_shown
from explainer.storage.reading_tables import RevisionRow, SuppressionRow
from explainer.view import record_of
from explainer.writing.texts import WITHDRAWN
from tests.integration.problems import problem_of
from tests.integration.watched import Scripted, keys_of, model_draft, one_cause, writing

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
NOTICE = "The reason for this one was withdrawn."


def asking(database, explainer, keys):
    client = TestClient(create_app(explainer, queue=4))

    def ask(role, path, method="GET", json=None):
        return client.request(method, path, json=json, headers=keys[role] | {"Prefer": "wait=10"})

    return ask


@pytest.fixture
def keys(database):
    return keys_of(database)


@pytest.fixture
def ask(database, explainer, keys):
    return asking(database, explainer, keys)


def explained(ask, user="u1", **what):
    return ask(A, "/v1/explanations", "POST", {"user": user, **(what or {"k": 1})}).json()["explanations"][0]


def suppress(ask, one, reason="It is not true.", role=S):
    return ask(role, f"/v1/explanations/{one['id']}/suppress", "POST", {"reason": reason})


def events(database, name):
    with database.session() as session:
        return list(session.scalars(select(AuditEntryRow.record_id).where(AuditEntryRow.event == name)))


def test_an_app_gets_no_text_any_more_and_the_others_get_it_with_the_mark(ask):
    one = explained(ask)
    assert suppress(ask, one).status_code == 200
    shown = ask(A, f"/v1/explanations/{one['id']}").json()
    assert shown["text"] == ""
    assert (shown["suppressed"]["reason"], shown["suppressed"]["notice"]) == ("", NOTICE), "staff wrote it for staff"
    assert shown["title"] == one["title"], "the item itself stays"
    assert one["text"] not in ask(A, "/v1/explanations?user=u1").text
    for role in (S, R, U, X):
        whole = ask(role, f"/v1/explanations/{one['id']}").json()
        assert (whole["text"], whole["suppressed"]["reason"]) == (one["text"], "It is not true.")
        assert [e["text"] for e in ask(role, "/v1/explanations?user=u1").json()["explanations"]] == [one["text"]]


def test_a_chinese_reader_is_told_so_in_chinese(ask):
    one = explained(ask, k=1, locale="zh")
    suppress(ask, one)
    assert ask(A, f"/v1/explanations/{one['id']}").json()["suppressed"]["notice"] == "此条推荐理由已撤回。"


def test_a_second_time_changes_nothing(ask, database):
    one = explained(ask)
    first, second = suppress(ask, one), suppress(ask, one, "Another reason.", X)
    assert first.json() == second.json()
    assert (first.json()["reason"], first.json()["by"], first.json()["same"]) == ("It is not true.", "support", [])
    assert events(database, "explanation.suppressed") == [one["id"]]


def test_the_record_and_its_digest_stay_as_they_were(ask, database):
    one = explained(ask)
    suppress(ask, one)
    assert ask(U, f"/v1/explanations/{one['id']}").json()["text"] == one["text"]
    with database.session() as session:
        whole = record_of(session.get(ExplanationRow, one["id"]))
        made = select(AuditEntryRow).where(AuditEntryRow.event == "explanation.created")
        assert log.proves(session.scalars(made).one(), whole)


def test_an_explanation_shown_again_is_never_a_suppressed_one(explainer, ask, database):
    (first,) = explainer.explain_top("u1", 1, reuse=True)
    suppress(ask, {"id": first.id})
    (second,) = explainer.explain_top("u1", 1, reuse=True)
    assert second.id != first.id


def test_a_template_text_is_not_told_again_to_the_same_user_of_the_same_item(explainer, ask, database):
    one = explained(ask)
    suppress(ask, one)
    again = explained(ask)
    assert again["id"] != one["id"]
    assert (again["item"], again["text"], again["suppressed"]["notice"]) == (one["item"], "", NOTICE)
    assert ask(U, f"/v1/explanations/{again['id']}").json()["text"] == one["text"], "it stays on record"
    assert set(events(database, "explanation.suppressed")) == {one["id"], again["id"]}
    pages = [explainer.explain_top("u1", 1, reuse=True)[0].id for _ in range(3)]
    assert set(pages) == {again["id"]}, "a page that is loaded again stores nothing new"


def test_what_was_told_twice_is_taken_back_twice(ask, explainer):
    first, second = explained(ask), explained(ask)
    assert first["text"] == second["text"]
    assert suppress(ask, first).json()["same"] == [second["id"]]
    assert ask(A, f"/v1/explanations/{second['id']}").json()["text"] == ""
    (shown,) = explainer.explain_top("u1", 1, reuse=True)
    assert shown.id not in {first["id"], second["id"]}


def test_other_users_and_other_items_keep_their_texts(ask):
    one, other = explained(ask), explained(ask, "u2")
    items = ask(A, "/v1/explanations", "POST", {"user": "u1", "k": 3}).json()["explanations"]
    suppress(ask, one)
    assert ask(A, f"/v1/explanations/{other['id']}").json() == other
    for item in items[1:]:
        assert ask(A, f"/v1/explanations/{item['id']}").json() == item


@pytest.fixture
def written(database, model, explainer, keys):
    """An engine, how to ask a pipeline in which it writes, and an explanation that it wrote."""
    user, item, aspect = one_cause(explainer)
    engine = Scripted(model_draft(aspect))
    pipeline = writing(database, model, engine)
    ask = asking(database, pipeline, keys)
    one = explained(ask, user, item=item)
    assert one["source"] == "model", one["gate_failures"]
    return engine, ask, one


def test_the_models_draft_is_withdrawn_and_the_template_tells_the_same_case(written, database):
    engine, ask, one = written
    suppress(ask, one)
    asked = engine.asked
    again = explained(ask, one["user"], item=one["item"])
    assert (again["source"], again["gate_failures"]) == ("template", [WITHDRAWN])
    assert again["text"]
    assert again["text"] != one["text"]
    assert "suppressed" not in again
    assert engine.asked == asked, "the model is not even asked"
    assert events(database, "draft.withdrawn") == [one["versions"]["prompt_hash"]]
    with database.session() as session:
        drafts = session.scalars(select(DraftRow.draft)).all()
    assert engine.draft in drafts, "what was written stays on record"


def test_nobody_else_is_shown_the_withdrawn_draft_again(written, database):
    _, ask, one = written
    with database.session() as session:
        twin = session.get(ExplanationRow, one["id"])
        copy = {c.key: getattr(twin, c.key) for c in ExplanationRow.__mapper__.column_attrs}
        session.add(ExplanationRow(**copy | {"id": "other", "user_id": "somebody"}))
    fingerprint = {one["item"]: copy["fingerprint"]}
    with database.session() as session:
        assert find_shown(session, "somebody", fingerprint)[one["item"]].id == "other"
    suppress(ask, one)
    with database.session() as session:
        assert find_shown(session, "somebody", fingerprint) == {}


def test_a_later_adapter_does_not_bring_the_case_back_to_the_model(written, database, model, keys):
    engine, ask, one = written
    suppress(ask, one)
    later = asking(database, writing(database, model, Scripted(engine.draft, adapter="b")), keys)
    assert explained(later, one["user"], item=one["item"])["source"] == "template"


def test_a_later_text_by_the_model_is_withdrawn_with_the_first(explainer, ask, database):
    one = explained(ask)
    with database.session() as session:
        row = session.get(ExplanationRow, one["id"])
        session.add(
            RevisionRow(
                explanation_id=one["id"], number=2, text="x", draft="x", slots={}, source="model", gate_failures=[],
                prompt_hash="p" * 64, prompt_version=row.prompt_version, writer_version=row.writer_version,
            )
        )  # fmt: skip
    suppress(ask, one)
    assert events(database, "draft.withdrawn") == ["p" * 64]


def test_suppression_and_its_audit_entry_stand_or_fall_together(ask, database, monkeypatch):
    one = explained(ask)

    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(log, "append", fail)
    assert suppress(ask, one).status_code == 500
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(SuppressionRow)) == 0


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "a\x00b"}, {"reason": 7}, {"reason": "x", "who": "me"}, []],
)
def test_reasons_that_are_none_are_refused(ask, body):
    one = explained(ask)
    problem_of(ask(S, f"/v1/explanations/{one['id']}/suppress", "POST", body), 400)
    assert ask(A, f"/v1/explanations/{one['id']}").json() == one


def test_a_reason_with_markup_is_kept_as_it_is(ask):
    one = explained(ask)
    reason = "<script>alert('x')</script> {b1} \u202e"
    suppress(ask, one, reason)
    assert ask(S, f"/v1/explanations/{one['id']}").json()["suppressed"]["reason"] == reason


def test_what_is_not_there_cannot_be_suppressed(ask):
    problem_of(suppress(ask, {"id": "none"}), 404)
