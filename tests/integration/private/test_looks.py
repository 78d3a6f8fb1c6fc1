"""A look at what is private needs a ticket and a purpose, and every look is on record."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from explainer.access import Role
from explainer.access.people import add_person
from explainer.access.sign_ins import set_purpose, sign_in, signed_in
from explainer.audit import log
from explainer.errors import AccessError, NotFoundError
from explainer.server.app import create_app
from explainer.service.masking import MASK
from explainer.storage.access_tables import PersonRow
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.explanation_tables import ExplanationRow
from tests.integration.problems import problem_of
from tests.integration.staff import PASSWORD
from tests.integration.watched import CASE, PIOUS, names_in, views, writing

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN


def test_a_ticket_and_a_purpose_show_it_and_are_on_record(asks, made, database):
    asks(S, f"/v1/explanations/{made['id']}")
    assert asks(S, f"/v1/explanations/{made['id']}", **CASE).json() == made
    masked, whole = views(database)
    assert (masked.unmasked, masked.ticket, masked.purpose) == (False, "", "")
    assert (whole.unmasked, whole.ticket, whole.purpose) == (True, "T-1", CASE["X-Purpose"])
    assert (names_in(database)[whole.viewer], whole.role, whole.subject, whole.what, whole.record_id) == (
        "support", "support", PIOUS, "explanation", made["id"],
    )  # fmt: skip
    with database.session() as session:
        entry = session.scalars(select(AuditEntryRow).where(AuditEntryRow.record_id == whole.id)).one()
    assert entry.event == "record.viewed"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Ticket": "T-1"},
        {"X-Purpose": "The customer asks why."},
        {"X-Ticket": "T-1", "X-Purpose": "too short"},
        {"X-Ticket": "T-1", "X-Purpose": "          x         "},
        {"X-Ticket": "", "X-Purpose": "The customer asks why."},
        {"X-Ticket": "x" * 201, "X-Purpose": "The customer asks why."},
        {"X-Ticket": "T-1", "X-Purpose": "x" * 501},
    ],
)
def test_half_a_case_is_refused_and_shows_nothing(asks, made, database, headers):
    problem_of(asks(S, f"/v1/explanations/{made['id']}", **headers), 400)
    assert views(database) == []


def test_a_purpose_in_chinese_is_kept_as_it_was_written(asks, made, database):
    headers = {"X-Ticket": "工单-7".encode(), "X-Purpose": "客户来电询问为什么会看到这条推荐".encode()}
    assert asks(S, f"/v1/explanations/{made['id']}", **headers).status_code == 200
    (view,) = views(database)
    assert (view.ticket, view.purpose) == ("工单-7", "客户来电询问为什么会看到这条推荐")


def test_a_page_of_many_customers_is_one_look_at_each(asks, made, database):
    asks(A, "/v1/explanations", "POST", {"user": "u2", "k": 3})
    page = asks(S, "/v1/explanations").json()["explanations"]
    assert len(page) == 5
    assert sorted(view.subject for view in views(database)) == [PIOUS, "u2"]
    assert [e["masked"] for e in page if e["user"] == PIOUS] == [4, 4]
    assert all("masked" not in e for e in page if e["user"] == "u2")


def test_every_kind_of_look_but_an_apps_is_on_record(asks, made, database):
    paths = [
        f"/v1/explanations/{made['id']}", "/v1/explanations", f"/v1/users/{PIOUS}/recommendations",
        f"/v1/users/{PIOUS}/tags", f"/v1/why-not?user={PIOUS}&item={made['item']}",
    ]  # fmt: skip
    for path in paths:
        assert asks(A, path).status_code == 200
    assert views(database) == []
    asks(S, f"/v1/users/{PIOUS}/preview", "POST", {"exclude": ["i2"], "k": 2})
    asks(S, "/v1/explanations", "POST", {"user": PIOUS, "k": 1})
    for path in paths:
        assert asks(X, path).status_code == 200
    assert {view.what for view in views(database)} == {
        "preview", "explanations", "explanation", "recommendations", "tags", "why-not",
    }  # fmt: skip


def test_who_looked_is_for_auditors_to_read_page_by_page_and_that_is_a_look_too(asks, made, database):
    for _ in range(3):
        asks(S, f"/v1/explanations/{made['id']}", **CASE)
    asks(S, "/v1/users/u2/tags")
    problem_of(asks(S, f"/v1/users/{PIOUS}/views"), 403)
    first = asks(U, f"/v1/users/{PIOUS}/views?limit=2").json()
    second = asks(U, f"/v1/users/{PIOUS}/views?limit=2&cursor={first['next']}").json()
    assert [v["ticket"] for v in (*first["views"], *second["views"])] == ["T-1"] * 3
    assert second["next"] is None
    newest = asks(U, f"/v1/users/{PIOUS}/views?limit=1").json()["views"][0]
    assert (newest["what"], newest["role"]) == ("views", "auditor")
    problem_of(asks(U, f"/v1/users/{PIOUS}/views?cursor=nonsense!"), 400)
    assert asks(U, "/v1/users/nobody/views").json() == {"views": [], "next": None}


def test_a_look_that_cannot_be_recorded_shows_nothing(asks, made, database, monkeypatch):
    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(log, "append", fail)
    answer = asks(S, f"/v1/explanations/{made['id']}")
    assert answer.status_code == 500
    assert PIOUS not in answer.text
    assert views(database) == []


def signed_in_as_sue(session):
    add_person(session, "sue", S, PASSWORD)
    session.flush()
    return sign_in(session, session.get_one(PersonRow, "sue"))


def test_what_a_person_works_on_is_kept_where_they_signed_in(database):
    with database.session() as session:
        token = signed_in_as_sue(session)
        assert (signed_in(session, token).ticket, signed_in(session, token).purpose) == ("", "")
        set_purpose(session, token, "T-9", "A complaint by telephone")
    with database.session() as session:
        found = signed_in(session, token)
        assert (found.ticket, found.purpose) == ("T-9", "A complaint by telephone")
        for ticket, purpose in (("T-9", ""), ("", "A complaint by telephone"), ("T\x00", "A complaint by telephone")):
            with pytest.raises(AccessError):
                set_purpose(session, token, ticket, purpose)
        set_purpose(session, token, "", "")
        assert signed_in(session, token).ticket == ""
        with pytest.raises(NotFoundError, match="sign in again"):
            set_purpose(session, "not a token", "T-9", "A complaint by telephone")
    with database.session() as session:
        events = select(func.count()).where(AuditEntryRow.event == "person.purpose_set")
        assert session.scalar(events) == 2


def test_on_pages_the_case_of_the_sign_in_counts(asks, made, database, model):
    with database.session() as session:
        token = signed_in_as_sue(session)
    path = f"/explanations/{made['id']}/waterfall.svg"
    with TestClient(create_app(writing(database, model, None), queue=4)) as browser:
        browser.cookies.set("explainer_session", token)
        assert MASK in browser.get(path).text
        with database.session() as session:
            set_purpose(session, token, "T-9", "A complaint by telephone")
        assert MASK not in browser.get(path).text
    assert [(names_in(database)[view.viewer], view.ticket, view.unmasked) for view in views(database)] == [
        ("sue", "", False), ("sue", "T-9", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("contributions", "is_told"),
    [({"11": 0.1}, False), ({"11": 0.1, "1": 0.0}, True), (["of 1 and 11"], True)],
    ids=["part of another id", "the id", "in a record that is none any more"],
)
def test_a_look_is_at_something_sensitive_only_where_that_is_there(asks, database, contributions, is_told):
    made = asks(A, "/v1/explanations", "POST", {"user": "u2", "k": 1}).json()["explanations"][0]
    with database.session() as session:
        session.add(BehaviourRow(id="1", user_id="u2", item_id="s0", kind="view", time=3_000_000))
        row = session.get_one(ExplanationRow, made["id"])
        row.contributions = contributions
    assert asks(U, f"/v1/audit/explanations/{made['id']}").status_code == 200
    assert [(view.what, view.unmasked) for view in views(database)] == [("audit record", is_told)]
