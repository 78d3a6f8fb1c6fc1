"""What a customer sees on a shop's page and may say to it, and what is not for customers."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from explainer.access.embed_secrets import embed_secrets
from explainer.access.embed_tokens import make_token
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.explanation_tables import FeedbackRow
from explainer.storage.explanations import get_explanation
from explainer.storage.reading_tables import RevisionRow, SuppressionRow
from explainer.storage.staff import names_of
from explainer.writing.style import Style
from tests.integration.embed.acting import HOUR, ask, bearer


def test_a_customer_sees_sentence_label_and_behaviours_and_nothing_internal(shop, row, token):
    answer = shop.get(f"/embed/explanations/{row.id}", headers=token)
    seen = answer.json()
    assert seen["sentence"] == row.text
    assert seen["source"] == "template"
    assert seen["label"] == "Standard wording, not written by AI"
    assert answer.headers["cache-control"] == "no-store"
    raised = [cited for cited in row.evidence if cited.contribution > 0]
    assert {b["title"] for b in seen["behaviours"]} >= {cited.title for cited in raised}
    assert all(b["did"].startswith("You gave it ") and b["did"].endswith("stars") for b in seen["behaviours"])
    assert all(b["when"] == "January 1970" for b in seen["behaviours"])
    assert seen.keys() == {"sentence", "sentence_locale", "source", "label", "behaviours"}
    assert all(b.keys() == {"title", "did", "when"} for b in seen["behaviours"])
    for internal in (
        row.user_id,
        row.item_id,
        row.recommender_version,
        row.prompt_version,
        row.evidence[0].behaviour_id,
    ):
        assert f'"{internal}"' not in answer.text


def test_words_are_of_the_language_asked_for_and_the_sentence_stays(shop, row, token):
    seen = shop.get(f"/embed/explanations/{row.id}", headers=token, params={"lang": "zh"}).json()
    assert (seen["sentence"], seen["sentence_locale"]) == (row.text, "en")
    assert seen["label"] == "固定格式的说明，非 AI 撰写"
    assert seen["behaviours"][0]["did"].startswith("您打了 ")
    assert seen["behaviours"][0]["when"] == "1970年1月"


def test_a_language_without_texts_is_refused_with_the_list(shop, row, token):
    answer = shop.get(f"/embed/explanations/{row.id}", headers=token, params={"lang": "xx"})
    assert answer.status_code in {400, 406}
    assert "en, zh" in answer.json()["detail"]


def test_what_is_not_for_customers_is_not_found(shop, explainer, database, key):
    support = explainer.explain_top("u3", 1, Style(audience="support"))[0]
    assert ask(shop, key, support.id).status_code == 404
    assert ask(shop, key, "unknown").status_code == 404
    token = bearer(make_token(embed_secrets(database)[0], support.id, HOUR, now()).token)
    assert shop.get(f"/embed/explanations/{support.id}", headers=token).status_code == 404
    said = shop.post(f"/embed/explanations/{support.id}/feedback", headers=token, json={"kind": "wrong"})
    assert said.status_code == 404


def test_a_suppressed_explanation_has_no_sentence_any_more(shop, database, row, token):
    with database.session() as session:
        session.add(SuppressionRow(explanation_id=row.id, reason="complaint", by="ada"))
    answer = shop.get(f"/embed/explanations/{row.id}", headers=token)
    assert answer.json() == {
        "sentence": None,
        "sentence_locale": "en",
        "source": None,
        "label": "There is no explanation to show for this recommendation.",
        "behaviours": [],
    }
    said = shop.post(f"/embed/explanations/{row.id}/feedback", headers=token, json={"kind": "wrong"})
    assert said.status_code == 409


def test_feedback_is_kept_once_with_an_audit_entry(shop, database, row, token):
    for kind in ("wrong", "wrong", "helpful"):
        answer = shop.post(f"/embed/explanations/{row.id}/feedback", headers=token, json={"kind": kind})
        assert (answer.status_code, answer.json()) == (201, {"kind": kind})
    with database.session() as session:
        kept = session.scalars(select(FeedbackRow)).all()
        entries = session.scalars(select(AuditEntryRow.record_id).where(AuditEntryRow.event == "feedback.given")).all()
        names = names_of(session, [one.given_by for one in kept])
    assert sorted((one.kind, names[one.given_by], one.comment) for one in kept) == [
        ("helpful", "embed.js", ""),
        ("wrong", "embed.js", ""),
    ]
    assert sorted(entries) == sorted(one.id for one in kept)


@pytest.mark.parametrize("body", [{}, {"kind": "nice"}, {"kind": "wrong", "comment": "x"}, {"kind": None}, []])
def test_feedback_that_says_something_else_is_refused(shop, row, token, body):
    answer = shop.post(f"/embed/explanations/{row.id}/feedback", headers=token, json=body)
    assert answer.status_code == 400


def test_a_later_text_is_shown_in_place_of_the_first(shop, database, row, token):
    with database.session() as session:
        stored = get_explanation(session, row.id)
        versions = {"prompt_version": stored.prompt_version, "writer_version": stored.writer_version}
        text = {"text": "A better text.", "draft": "A better text.", "slots": {}, "source": "model"}
        session.add(RevisionRow(explanation_id=row.id, number=2, gate_failures=[], prompt_hash="", **text, **versions))
    seen = shop.get(f"/embed/explanations/{row.id}", headers=token).json()
    assert (seen["sentence"], seen["source"]) == ("A better text.", "model")
    assert seen["label"].startswith("Written by AI")
