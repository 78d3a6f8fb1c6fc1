"""Pages without a browser: who may post what, languages, and how problems look."""

from __future__ import annotations

import re

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from explainer.access import Role
from explainer.access.people import add_person
from explainer.access.sign_ins import sign_in
from explainer.errors import BusyError
from explainer.server.admission import Admission
from explainer.server.app import create_app
from explainer.server.auth import COOKIE
from explainer.server.htmx import htmx_folder
from explainer.server.rendering import ENTRIES
from explainer.storage.access_tables import PersonRow
from explainer.storage.choice_tables import ExclusionRow, UserSettingsRow
from explainer.storage.explanation_tables import FeedbackRow
from tests.conftest import HOSTILE

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en-GB,en;q=0.9"}


def token_of(session, name, role):
    """Return what the browser of a new person holds once they have signed in."""
    add_person(session, name, role, "three green kettles")
    session.flush()
    return sign_in(session, session.get_one(PersonRow, name))


@pytest.fixture
def person(explainer, database):
    """Yield a function that gives the client of somebody who has signed in, and their form's token."""
    clients = []

    def signed_in(role=Role.APP):
        with database.session() as session:
            token = token_of(session, f"a-{role}", role)
        client = TestClient(create_app(explainer, queue=4), raise_server_exceptions=False)
        client.headers.update(BROWSER)
        client.__enter__()
        clients.append(client)
        client.cookies.set(COOKIE, token)
        page = client.get("/").text
        return client, re.search('name="csrf" value="([^"]+)"', page)[1]

    yield signed_in
    for client in clients:
        client.__exit__(None, None, None)


def rows(database, table):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def an_explanation(explainer):
    return explainer.explain_top("u3", 1)[0]


@pytest.mark.parametrize("csrf", [{}, {"csrf": ""}, {"csrf": "wrong"}, {"csrf": "\u00e9" * 300}])
def test_a_form_that_is_not_ours_changes_nothing(person, explainer, database, csrf):
    client, _ = person()
    item = explainer.history("u3").behaviours[0].item
    forms = {
        "/choices/exclude": {"user": "u3", "name": item},
        "/choices/include": {"user": "u3", "name": item},
        "/choices/personalisation": {"user": "u3", "personalised": "off"},
        "/feedback": {"user": "u3", "explanation": an_explanation(explainer).id, "kind": "wrong"},
        "/logout": {},
    }
    for path, data in forms.items():
        assert client.post(path, data=data | csrf, follow_redirects=False).status_code == 403, path
    assert [rows(database, table) for table in (ExclusionRow, UserSettingsRow, FeedbackRow)] == [0, 0, 0]
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/choices/exclude", {"user": "u3"}, 400),
        ("/choices/exclude", {"user": "u3", "name": ""}, 400),
        ("/choices/exclude", {"user": "u3", "name": "x" * 201}, 400),
        ("/choices/exclude", {"user": "u3", "name": "no-such"}, 404),
        ("/choices/exclude", {"user": "nobody", "name": "i1"}, 404),
        ("/choices/exclude", {"user": "u3", "name": "i1", "more": "1"}, 400),
        ("/choices/include", {"user": "u3", "name": "'; DROP TABLE users --"}, 404),
        ("/choices/personalisation", {"user": "u3", "personalised": "maybe"}, 400),
        ("/choices/personalisation", {"user": "u3", "personalised": ""}, 400),
        ("/feedback", {"user": "u3", "explanation": "no-such", "kind": "wrong"}, 404),
        ("/feedback", {"user": "u3", "explanation": "no-such", "kind": "great"}, 400),
        ("/feedback", {"user": "u3", "explanation": "no-such"}, 400),
        ("/feedback", {"user": "u3", "explanation": "no-such", "kind": "wrong", "comment": "x" * 2001}, 400),
    ],
)
def test_a_form_filled_in_wrongly_is_refused_on_a_page(person, database, path, data, status):
    client, csrf = person()
    answer = client.post(path, data={**data, "csrf": csrf}, follow_redirects=False)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>" in answer.text
    assert [rows(database, table) for table in (ExclusionRow, UserSettingsRow, FeedbackRow)] == [0, 0, 0]


@pytest.mark.parametrize("query", ["user=u3", "user=u3&without=", "without=i1", "user=u3&without=no-such", "user="])
def test_a_preview_of_nothing_is_refused(person, query):
    client, _ = person()
    assert client.get(f"/preview?{query}").status_code in {400, 404}


def test_a_problem_is_a_page_for_people_and_a_document_for_programs(person):
    client, _ = person()
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    for answer in (client.get("/nowhere", headers={"Accept": "*/*"}), client.get("/v1/nowhere")):
        assert answer.headers["content-type"] == "application/problem+json"
    fragment = client.get("/preview?user=u3&without=no-such", headers={"HX-Request": "true"})
    assert fragment.text.strip().startswith('<div class="alert bad" role="alert">')


def test_a_full_queue_is_a_page_that_says_when_to_come_back(person, monkeypatch):
    client, _ = person()

    def full(_):
        raise BusyError("Too many texts are being written.", retry_after_s=7)

    monkeypatch.setattr(Admission, "place", full)
    answer = client.get("/?user=u3")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert "Try again in 7 seconds." in answer.text


def test_a_fault_of_ours_is_a_page_without_details(person, explainer, monkeypatch):
    client, _ = person()
    monkeypatch.setattr(type(explainer), "explain_top", lambda *_, **__: 1 / 0)
    answer = client.get("/?user=u3")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "division" not in answer.text


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-Hant-TW", "zh-Hans"),
        ("en;q=0.3, zh;q=0.7", "zh-Hans"),
        ("fr-FR, zh;q=0", "en"),
        ("de, en-US;q=0.5", "en"),
        ("*", "en"),
        ("", "en"),
        ("zh;q=high, \x7f;;;q=,,", "en"),
        ("a," * 5000, "en"),
    ],
)
def test_a_page_speaks_the_language_that_is_asked_for(person, asked, lang):
    client, _ = person()
    assert f'<html lang="{lang}">' in client.get("/", headers={"Accept-Language": asked}).text


def test_a_language_that_was_chosen_is_remembered_and_an_unknown_one_is_not(person):
    client, _ = person()
    assert '<html lang="zh-Hans">' in client.get("/?user=u3&lang=zh").text
    assert '<html lang="zh-Hans">' in client.get("/").text
    assert '<html lang="zh-Hans">' in client.get("/?lang=../../etc").text
    assert client.cookies["explainer_lang"] == "zh"


def test_a_switch_of_language_keeps_the_rest_of_the_address(person):
    client, _ = person()
    page = client.get("/", params={"user": 'u"3&<x', "lang": "zh"}).text
    assert 'href="/?user=u%223%26%3Cx&amp;lang=en"' in page


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.APP, ["/", "/schema"]),
        (Role.SUPPORT, ["/", "/schema"]),
        (Role.REVIEWER, ["/schema"]),
        (Role.AUDITOR, ["/schema"]),
        (Role.ADMIN, ["/", "/schema"]),
    ],
)
def test_the_navigation_has_what_somebody_may_open_and_nothing_else(explainer, database, role, seen):
    with database.session() as session:
        token = token_of(session, "eve", role)
    app = create_app(explainer, queue=4)
    with TestClient(app) as client:
        client.headers.update(BROWSER)
        client.cookies.set(COOKIE, token)
        page = client.get("/?user=u1")
        listed = re.findall(r'<a href="([^"]+)"', re.search("<nav.*?</nav>", page.text, re.DOTALL)[0])
        others = {entry.path for entry in ENTRIES} - {"/", "/schema"}
        assert [path for path in listed if path not in others] == seen
        assert client.get("/start", follow_redirects=False).headers["location"] == listed[0]
        assert {path: client.get(path).status_code for path in listed} == dict.fromkeys(listed, 200)


def test_hostile_titles_users_and_comments_stay_text(person, explainer, database):
    client, csrf = person()
    pages = client.get("/?user=u3").text + client.get("/", params={"user": HOSTILE[2]}).text
    pages += client.get("/", params={"user": "u3", "done": "<script>", "opened": '"><b>', "thanked": "'"}).text
    assert "<script>" not in pages.replace('<script src="/static/vendor/htmx.min.js" defer></script>', "")
    assert '"><b>' not in pages
    row = an_explanation(explainer)
    comment = HOSTILE[5].replace("\0", "")  # which is refused, as by the API
    data = {"user": "u3", "explanation": row.id, "kind": "offensive", "comment": comment, "csrf": csrf}
    assert client.post("/feedback", data=data).status_code == 200
    with database.session() as session:
        assert session.scalars(select(FeedbackRow)).one().comment == comment


def test_htmx_comes_from_here_and_runs_nothing_that_is_not_ours(client):
    if htmx_folder() is None:
        pytest.skip("django-htmx is not installed")
    client.headers.pop("X-API-Key")
    script = client.get("/static/vendor/htmx.min.js")
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")
    page = client.get("/login").text
    assert '"allowEval":false' in page
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page)


def test_pages_work_where_htmx_is_missing(explainer, monkeypatch):
    monkeypatch.setattr("explainer.server.rendering.htmx_folder", lambda: None)
    with TestClient(create_app(explainer, queue=4)) as client:
        client.headers.update(BROWSER)
        page = client.get("/login")
        assert page.status_code == 200
        assert "<script" not in page.text
