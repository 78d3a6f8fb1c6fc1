"""Support sees a customer's private things for a ticket and a purpose only, and every look is on record."""

from __future__ import annotations

import json
import threading

import msgspec
import pytest
from litestar.testing import TestClient
from sqlalchemy import event, func, select, update

from explainer.access import Caller, Role
from explainer.access.people import add_person
from explainer.access.sign_ins import set_purpose, sign_in, signed_in
from explainer.audit import log
from explainer.errors import AccessError, NotFoundError
from explainer.evidence.firewall import shipped_words
from explainer.server.app import create_app
from explainer.service.masking import MASK
from explainer.service.shown import all_shown_to, shown_to
from explainer.service.subject.erase import Erasing, erase
from explainer.service.views import Looker
from explainer.storage.access_tables import PersonRow
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.later import get_with_later
from explainer.storage.reading_tables import ViewRow
from explainer.view import record_of
from tests.integration.problems import problem_of
from tests.integration.staff import PASSWORD
from tests.integration.watched import CASE, CHURCH, PIOUS, asking, fitted, stored, writing

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
SECRET = ("Choir", "Psalm", "christianity")


@pytest.fixture(scope="module")
def model():
    return fitted()


@pytest.fixture
def database(empty):
    return stored(empty)


@pytest.fixture
def asks(database, model):
    """A client that asks as a role."""
    with asking(database, model) as ask:
        yield ask


@pytest.fixture
def made(asks, database):
    """An explanation as whoever sees all of it does; nobody has looked at it yet."""
    made = asks(A, "/v1/explanations", "POST", {"user": PIOUS, "k": 2}).json()["explanations"][0]
    with database.session() as session:
        row, later = get_with_later(session, made["id"])
        looker = Looker(Caller("test", X, frozenset()))
        whole = shown_to(session, looker, row, later, shipped_words(), recorded=False)
    return json.loads(msgspec.json.encode(whole))


def cited_turns_private(database, made):
    """Make the item of the first cited behaviour one about an illness, as catalogues change."""
    cited = made["evidence"][0]
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id == cited["item"]).values(private="health"))
    return cited


def views(database):
    with database.session() as session:
        return list(session.scalars(select(ViewRow).order_by(ViewRow.at)))


def test_a_private_behaviour_has_no_id_in_what_support_reads_and_the_sum_still_holds(asks, made, database):
    private = {b for b, item in items_of(database).items() if item.startswith("s")}
    shown = asks(S, f"/v1/explanations/{made['id']}").json()
    assert shown["masked"] == len(private & made["contributions"].keys()) == 4
    text = json.dumps(shown)
    assert not [key for key in private if key in text]
    kept = {key: value for key, value in made["contributions"].items() if key not in private}
    assert shown["contributions"] == kept | {MASK: pytest.approx(sum(made["contributions"][key] for key in private))}
    assert set(shown["order"]) == set(shown["contributions"])
    assert shown["base_score"] + sum(shown["contributions"].values()) == pytest.approx(shown["score"], abs=1e-4)


def items_of(database):
    with database.session() as session:
        rows = session.execute(select(BehaviourRow.id, BehaviourRow.item_id).where(BehaviourRow.user_id == PIOUS))
        return {row.id: row.item_id for row in rows}


def test_an_auditor_sees_it_whole(asks, made, database):
    with database.session() as session:
        entry = session.scalars(select(AuditEntryRow).where(AuditEntryRow.record_id == made["id"])).first()
        assert log.proves(entry, record_of(session.get(ExplanationRow, made["id"])))
    for role in (U, R, X):
        shown = asks(role, f"/v1/explanations/{made['id']}").json()
        assert shown == made


def test_what_turned_private_since_is_masked_with_the_text_that_names_it(asks, made, database):
    cited = cited_turns_private(database, made)
    shown = asks(S, f"/v1/explanations/{made['id']}").json()
    (masked,) = [e for e in shown["evidence"] if e["slot"] == cited["slot"]]
    assert (masked["title"], masked["item"], masked["value"], masked["time"]) == (MASK, MASK, None, None)
    assert shown["text"] == MASK
    assert cited["behaviour_id"] not in json.dumps(shown)
    assert {r.get("aspect", MASK) for r in masked["reasons"]} <= {MASK}
    assert asks(S, f"/v1/explanations/{made['id']}", **CASE).json() == made


def test_what_was_stored_of_a_private_thing_is_masked_even_if_its_item_says_nothing_today(asks, made, database):
    with database.session() as session:
        session.execute(update(EvidenceRow).where(EvidenceRow.explanation_id == made["id"]).values(title="Cancer Ward"))
    shown = asks(S, f"/v1/explanations/{made['id']}").json()
    assert "Cancer" not in json.dumps(shown)
    assert shown["masked"] >= 5


def test_a_ticket_and_a_purpose_show_it_and_are_on_record(asks, made, database):
    asks(S, f"/v1/explanations/{made['id']}")
    assert asks(S, f"/v1/explanations/{made['id']}", **CASE).json() == made
    masked, whole = views(database)
    assert (masked.unmasked, masked.ticket, masked.purpose) == (False, "", "")
    assert (whole.unmasked, whole.ticket, whole.purpose) == (True, "T-1", CASE["X-Purpose"])
    assert (whole.viewer, whole.role, whole.subject, whole.what, whole.record_id) == (
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


def test_tags_why_not_and_counterfactual_name_nothing_private_to_support(asks, made, database, model):
    paths = {
        "tags": f"/v1/users/{PIOUS}/tags",
        "why-not": f"/v1/why-not?user={PIOUS}&item={made['item']}",
        "counterfactual": f"/v1/explanations/{made['id']}/counterfactual",
    }
    for what, path in paths.items():
        whole, masked = asks(X, path).json(), asks(S, path).json()
        assert not [word for word in SECRET if word in json.dumps(masked)], what
        opened = asks(S, path, **CASE).json()
        assert opened == whole
        if what != "counterfactual":
            assert masked["masked"] > 0
            assert [word for word in SECRET if word in json.dumps(whole)], "there is something to mask"
    seen = {(view.what, view.role, view.unmasked) for view in views(database)}
    assert {(w, "support", u) for w in ("tags", "why-not") for u in (False, True)} <= seen
    assert {what for what, *_ in seen} == set(paths)


def test_a_counterfactual_masks_the_behaviours_that_are_private_as_one(asks, made, database):
    private = [b for b, item in items_of(database).items() if item in ("s0", "s1")]
    with database.session() as session:
        row = session.get(CounterfactualRow, made["id"])
        row.record = row.record | {"behaviours": private}
    found = asks(S, f"/v1/explanations/{made['id']}/counterfactual").json()
    assert (found["behaviours"], found["masked"]) == ([MASK], 2)


def test_a_tag_that_rests_on_private_behaviours_alone_is_private_whatever_the_word():
    from explainer.evidence.tags import TagBehaviour, UserTag
    from explainer.service.masking import MASK, Mask
    from explainer.tags import TagList
    from retriever.data import AspectSource

    def tag(word, *behaviours):
        told = tuple(TagBehaviour(one, "item", "title") for one in behaviours)
        return UserTag(word, AspectSource.CATALOGUE, 5, 0.1, told)

    told = Mask({"b1", "b2"}).tags(TagList("u1", [tag("casino", "b1", "b2"), tag("western", "b2", "b3")], []))
    assert [one.tag for one in told.tags] == [MASK, "western"]


def test_a_deleted_private_tag_stays_private(asks, database):
    assert asks(A, f"/v1/users/{PIOUS}/tags/christianity", "DELETE").status_code == 204
    held = asks(S, f"/v1/users/{PIOUS}/tags").json()
    assert held["deleted"] == [MASK]
    assert "christianity" not in json.dumps(held)


@pytest.mark.parametrize("user", [PIOUS, "u2"])
def test_support_cannot_find_out_who_met_a_private_item_by_asking(asks, user):
    problem_of(asks(S, f"/v1/why-not?user={user}&item=s0"), 403)
    answer = asks(S, f"/v1/why-not?user={user}&item=s0", **CASE).json()
    assert (answer["standing"] == "met") is (user == PIOUS)


def test_the_picture_names_nothing_private_to_support(asks, made):
    path = f"/explanations/{made['id']}/waterfall.svg"
    assert "Psalm" in asks(X, path).text or "Choir" in asks(X, path).text
    masked = asks(S, path).text
    assert MASK in masked
    assert not [word for word in SECRET if word in masked]


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


def test_an_apps_read_asks_the_database_no_more_than_the_record_itself(asks, made, database):
    said = []

    def note(connection, cursor, statement, *rest):
        if not threading.current_thread().name.startswith("jobs"):  # they look after leases now and then
            said.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    asks(A, f"/v1/explanations/{made['id']}")
    event.remove(database.engine, "before_cursor_execute", note)
    about = [s for s in said if "api_keys" not in s]
    assert len(about) == 3, "the explanation with what came later and what wrote it, its evidence, what is private"
    assert "suppressions" in about[0]
    assert "FROM evidence" in about[1]
    said.clear()
    event.listen(database.engine, "before_cursor_execute", note)
    asks(A, f"/v1/explanations/{made['id']}")
    event.remove(database.engine, "before_cursor_execute", note)
    assert said == [], "read again, it is only asked whether anything has changed"


def test_what_is_erased_between_making_and_showing_is_left_out(made, database):
    with database.session() as session:
        row = get_explanation(session, made["id"])
    erase(database, Erasing.unlisted(), PIOUS, "test")
    with database.session() as session:
        assert all_shown_to(session, Looker(Caller("test", A, frozenset())), [row], shipped_words()) == []


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
    assert [(view.viewer, view.ticket, view.unmasked) for view in views(database)] == [
        ("sue", "", False), ("sue", "T-9", True),
    ]  # fmt: skip


def test_hostile_titles_of_private_things_come_through_whole_where_they_may(asks, made):
    held = asks(S, f"/v1/users/{PIOUS}/tags", **CASE).json()
    assert CHURCH in {b["title"] for tag in held["tags"] for b in tag["behaviours"]}
