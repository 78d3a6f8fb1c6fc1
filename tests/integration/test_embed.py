"""Explanations on shops' pages: tokens, what a customer sees, which sites' pages may ask."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access.embed_secrets import embed_secrets, rotate_embed_secret
from explainer.access.embed_tokens import make_token
from explainer.access.keys import create_key
from explainer.cli import main
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.explanation_tables import FeedbackRow
from explainer.storage.explanations import get_explanation
from explainer.storage.reading_tables import RevisionRow, SuppressionRow
from explainer.storage.service_tables import SecretRow
from explainer.writing.style import Style

SHOP = "https://shop.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(explainer, database):
    """Yield a client of an app that lets one shop in; the browser's side, so without a key."""
    with TestClient(create_app(explainer, queue=4, parts=Parts(embed_origins=[SHOP]))) as made:
        yield made


@pytest.fixture
def key(database):
    with database.session() as session:
        return {"X-API-Key": create_key(session, "shop")}


@pytest.fixture
def row(explainer):
    return explainer.explain_top("u3", 1)[0]


def ask(client, key, explanation, body=None):
    return client.post(f"/v1/explanations/{explanation}/embed-token", headers=key, json=body)


def bearer(token):
    return {"Authorization": f"Embed {token}"}


@pytest.fixture
def token(shop, key, row):
    return bearer(ask(shop, key, row.id).json()["token"])


def test_a_shop_gets_a_token_that_opens_the_explanation(shop, key, row):
    before = now()
    answer = ask(shop, key, row.id, {"minutes": 5})
    assert answer.status_code == 201
    lives = timedelta(minutes=5)
    ends = type(before).fromisoformat(answer.json()["expires_at"])
    assert before + lives - timedelta(seconds=1) <= ends <= now() + lives
    assert shop.get(f"/embed/explanations/{row.id}", headers=bearer(answer.json()["token"])).status_code == 200


def test_without_a_body_a_token_lives_for_an_hour(shop, key, row):
    answer = shop.post(f"/v1/explanations/{row.id}/embed-token", headers=key)
    assert answer.status_code == 201
    ends = type(now()).fromisoformat(answer.json()["expires_at"])
    assert timedelta(minutes=59) < ends - now() <= HOUR


@pytest.mark.parametrize(
    "body", [{"minutes": 0}, {"minutes": 1441}, {"minutes": "five"}, {"minutes": 1.5}, {"hours": 1}, []]
)
def test_a_lifetime_that_cannot_be_given_is_refused(shop, key, row, body):
    assert ask(shop, key, row.id, body).status_code == 400


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


@pytest.mark.parametrize(
    "header",
    [None, "", "Embed", "Embed ", "Embed x.y", "Bearer {}", "{}", "Embed {}x", "Embed x{}", "Basic {}", "Embed {} {}"],
)
def test_without_a_token_of_ours_nothing_is_said(shop, key, row, header):
    given = ask(shop, key, row.id).json()["token"]
    headers = {} if header is None else {"Authorization": header.replace("{}", given)}
    for answer in (
        shop.get(f"/embed/explanations/{row.id}", headers=headers),
        shop.post(f"/embed/explanations/{row.id}/feedback", headers=headers, json={"kind": "wrong"}),
    ):
        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.headers["www-authenticate"] == "Embed"
        assert row.text not in answer.text


def test_a_key_is_no_token_and_a_token_is_no_key(shop, key, row, token):
    assert shop.get(f"/embed/explanations/{row.id}", headers=key).status_code == 401
    assert shop.get(f"/v1/explanations/{row.id}", headers=token).status_code == 401


def test_a_token_opens_one_explanation_only(shop, explainer, row, token):
    other = explainer.explain_top("u4", 1)[0]
    assert shop.get(f"/embed/explanations/{other.id}", headers=token).status_code == 401


@pytest.mark.parametrize(("made", "says"), [(-2 * HOUR, "expired"), (HOUR, "check the clocks")])
def test_tokens_from_the_past_and_the_future_say_what_to_do(shop, database, row, made, says):
    token = make_token(embed_secrets(database)[0], row.id, HOUR, now() + made).token
    answer = shop.get(f"/embed/explanations/{row.id}", headers=bearer(token))
    assert answer.status_code == 401
    assert says in answer.json()["detail"]


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
    assert sorted((one.kind, one.given_by, one.comment) for one in kept) == [
        ("helpful", "embed.js", ""),
        ("wrong", "embed.js", ""),
    ]
    assert sorted(entries) == sorted(one.id for one in kept)


@pytest.mark.parametrize("body", [{}, {"kind": "nice"}, {"kind": "wrong", "comment": "x"}, {"kind": None}, []])
def test_feedback_that_says_something_else_is_refused(shop, row, token, body):
    answer = shop.post(f"/embed/explanations/{row.id}/feedback", headers=token, json=body)
    assert answer.status_code == 400


def test_pages_of_the_shop_may_read_answers_and_errors(shop, row, token):
    for headers in ({"Origin": SHOP} | token, {"Origin": SHOP}):
        answer = shop.get(f"/embed/explanations/{row.id}", headers=headers)
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://shop.example", "https://shop.example:8443", "null", "https://SHOP.example", ""],
)
def test_pages_of_other_sites_may_not(shop, row, token, origin):
    answer = shop.get(f"/embed/explanations/{row.id}", headers={"Origin": origin} | token)
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    before = shop.options(f"/embed/explanations/{row.id}", headers=asked)
    for one in (answer, before):
        assert not [name for name in one.headers if name.startswith("access-control-")]
        assert "Origin" in one.headers["vary"]


def test_a_browser_that_asks_first_is_told_what_it_may(shop, row):
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path in (f"/embed/explanations/{row.id}", f"/embed/explanations/{row.id}/feedback"):
        answer = shop.options(path, headers=asked)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert answer.headers["access-control-allow-methods"] == "GET, POST"
        assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type"
        assert "access-control-allow-credentials" not in answer.headers


def test_nothing_else_is_open_to_other_sites(shop, key, row):
    for path in (f"/v1/explanations/{row.id}", "/health/live", "/embed.js", "/login"):
        answer = shop.get(path, headers={"Origin": SHOP} | key)
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_component_may_be_loaded_by_any_site_and_is_checked_for_changes(shop):
    answer = shop.get("/embed.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert 'customElements.define("why-this"' in answer.text
    again = shop.get("/embed.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert shop.get("/embed.js", headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_all_who_start_at_once_share_one_secret(database):
    gate, found = threading.Barrier(6), []

    def start():
        gate.wait()
        found.append(tuple(embed_secrets(database)))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    assert len(found[0][0]) >= 32


def test_after_a_rotation_both_secrets_count_for_a_while(shop, key, database, row, token):
    with database.session() as session:
        until = rotate_embed_secret(session)
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 200
    fresh = bearer(ask(shop, key, row.id).json()["token"])
    assert fresh != token
    assert shop.get(f"/embed/explanations/{row.id}", headers=fresh).status_code == 200
    assert len(embed_secrets(database)) == 2
    assert len(embed_secrets(database, until)) == 1
    with database.session() as session:
        entry = session.scalar(select(AuditEntryRow).where(AuditEntryRow.event == "embed_secret.rotated"))
        assert entry is not None


def test_a_secret_that_others_have_seen_can_be_ended_at_once(shop, database, row, token):
    with database.session() as session:
        rotate_embed_secret(session, timedelta(0))
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 401


def test_a_second_rotation_forgets_the_first_secret(shop, database, row, token):
    for _ in range(2):
        with database.session() as session:
            rotate_embed_secret(session)
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 401


def test_the_secret_is_a_row_of_its_own_and_in_no_answer(shop, database, row, token):
    with database.session() as session:
        assert [one.name for one in session.scalars(select(SecretRow))] == ["embed"]
    kept = embed_secrets(database)[0].decode()
    assert kept not in shop.get(f"/embed/explanations/{row.id}", headers=token).text


def test_a_later_text_is_shown_in_place_of_the_first(shop, database, row, token):
    with database.session() as session:
        stored = get_explanation(session, row.id)
        versions = {"prompt_version": stored.prompt_version, "writer_version": stored.writer_version}
        text = {"text": "A better text.", "draft": "A better text.", "slots": {}, "source": "model"}
        session.add(RevisionRow(explanation_id=row.id, number=2, gate_failures=[], prompt_hash="", **text, **versions))
    seen = shop.get(f"/embed/explanations/{row.id}", headers=token).json()
    assert (seen["sentence"], seen["source"]) == ("A better text.", "model")
    assert seen["label"].startswith("Written by AI")


def run(database, *arguments):
    environment = {"EXPLAINER_DATABASE_URL": database.url, "COLUMNS": "200"}
    return CliRunner().invoke(main, ["embed", *arguments], env=environment)


def test_the_command_writes_a_shop_whose_tokens_work(shop, database, explainer, tmp_path):
    rows = explainer.explain_top("u3", 4)
    done = run(database, "sample", "--out", str(tmp_path / "shop"), "--service", "https://why.example/", "--port", "9")
    assert done.exit_code == 0, done.output
    assert "EXPLAINER_EMBED_ORIGINS=http://127.0.0.1:9 explainer serve" in done.output
    page = (tmp_path / "shop" / "index.html").read_text()
    assert '<script src="https://why.example/embed.js" defer></script>' in page
    embedded = re.findall(r'<why-this explanation="([^"]+)" token="([^"]+)" lang="en">', page)
    assert [one for one, _ in embedded] == [row.id for row in rows[:3]]
    for one, token in embedded:
        assert shop.get(f"/embed/explanations/{one}", headers=bearer(token)).status_code == 200


def test_the_sample_leaves_out_what_is_suppressed(database, explainer, tmp_path):
    first, second = explainer.explain_top("u3", 2)
    with database.session() as session:
        session.add(SuppressionRow(explanation_id=first.id, reason="complaint", by="ada"))
    assert run(database, "sample", "--user", "u3", "--out", str(tmp_path)).exit_code == 0
    page = (tmp_path / "index.html").read_text()
    assert first.id not in page
    assert second.id in page


def test_a_sample_of_nothing_says_how_to_make_something(database, tmp_path):
    done = run(database, "sample", "--out", str(tmp_path / "shop"))
    assert done.exit_code == 1
    assert "explainer explain --user" in done.output
    assert not (tmp_path / "shop").exists()


def test_a_sample_that_cannot_be_written_says_so(database, row, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run(database, "sample", "--out", str(tmp_path / "file" / "shop"))
    assert done.exit_code == 1
    assert "cannot be written" in done.output


def test_the_command_rotates_the_secret(shop, database, row, token):
    assert run(database, "rotate-secret").exit_code == 0
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 200
    assert run(database, "rotate-secret", "--overlap-hours", "0").exit_code == 0
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 401
