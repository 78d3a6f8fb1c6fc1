"""Support sees nothing of a customer's private things without a case: ids, figures, titles and texts."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import event, select, update

from explainer.access import Caller, Role
from explainer.audit import log
from explainer.evidence.firewall import shipped_words
from explainer.service.masking import MASK
from explainer.service.shown import all_shown_to
from explainer.service.subject.erase import Erasing, erase
from explainer.service.views import Looker
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.view import record_of
from tests.integration.problems import problem_of
from tests.integration.watched import CASE, CHURCH, PIOUS, views

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
SECRET = ("Choir", "Psalm", "christianity")


def cited_turns_private(database, made):
    """Make the item of the first cited behaviour one about an illness, as catalogues change."""
    cited = made["evidence"][0]
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id == cited["item"]).values(private="health"))
    return cited


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
    assert (masked["contribution"], masked["share"], shown["verdict"]) == (None, None, None)
    assert str(cited["contribution"]) not in json.dumps(shown)
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


def test_without_a_case_tags_are_as_if_nothing_private_had_been_done(asks, database):
    path = f"/v1/users/{PIOUS}/tags"
    whole, shown = asks(X, path).json(), asks(S, path).json()
    assert [tag["tag"] for tag in whole["tags"]] == ["christianity", "noir"]
    assert shown == asks(A, path).json() | {"masked": 1}
    private = {b for b, item in items_of(database).items() if item.startswith("s")}
    behind = [one for tag in shown["tags"] for one in tag["behaviours"]]
    assert not [one for one in behind if one["behaviour_id"] in private or MASK in one["title"]]
    usual = [tag["usual"] for tag in whole["tags"] if tag["tag"] == "christianity"]
    assert not [tag for tag in shown["tags"] if tag["usual"] in usual], "whoever has the catalogue knows whose it is"
    assert asks(S, path, **CASE).json() == whole


def test_tags_of_whoever_did_nothing_private_are_whole_and_no_look_at_anything_sensitive(asks, database):
    assert asks(S, "/v1/users/u2/tags").json() == asks(X, "/v1/users/u2/tags").json()
    assert [view.unmasked for view in views(database)] == [False, False]


def test_a_deleted_private_tag_stays_private(asks, database):
    assert asks(A, f"/v1/users/{PIOUS}/tags/christianity", "DELETE").status_code == 204
    held = asks(S, f"/v1/users/{PIOUS}/tags").json()
    assert (held["deleted"], held["masked"]) == ([], 1)
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


def test_hostile_titles_of_private_things_come_through_whole_where_they_may(asks, made):
    held = asks(S, f"/v1/users/{PIOUS}/tags", **CASE).json()
    assert CHURCH in {b["title"] for tag in held["tags"] for b in tag["behaviours"]}
