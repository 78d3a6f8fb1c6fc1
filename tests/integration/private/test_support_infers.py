"""What support without a case could work out of a private life from answers that name nothing of it."""

from __future__ import annotations

import base64
import json

import pytest
from sqlalchemy import delete, select, update

from explainer.access import Role
from explainer.service.masking import MASK
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ViewRow
from retriever.fit import fit
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.learning import HybridConfig
from tests.conftest import HashEncoder
from tests.integration.problems import problem_of
from tests.integration.staff import staff_of
from tests.integration.watched import CASE, PIOUS, asking, private_dataset, writing

A, S, X = Role.APP, Role.SUPPORT, Role.ADMIN


def looks(database):
    with database.session() as session:
        return [(row.what, row.unmasked) for row in session.scalars(select(ViewRow).order_by(ViewRow.at, ViewRow.id))]


def private_ids(database):
    with database.session() as session:
        rows = session.execute(select(BehaviourRow.id, BehaviourRow.item_id).where(BehaviourRow.user_id == PIOUS))
        return {row.id for row in rows if row.item_id.startswith("s")}


@pytest.mark.parametrize("user", [PIOUS, "u2"])
@pytest.mark.parametrize("named", [{"item": "s0"}, {"items": ["i41", "s0"]}])
def test_to_explain_a_private_item_tells_nobody_without_a_case_who_met_it(asks, database, user, named):
    refused = asks(S, "/v1/explanations", "POST", {"user": user} | named)
    problem_of(refused, 403)
    assert "met" not in refused.text
    assert looks(database) == [], "nothing was shown"
    opened = asks(S, "/v1/explanations", "POST", {"user": user} | named, **CASE)
    assert opened.status_code == (409 if user == PIOUS else 201)
    assert looks(database) == [("explanations", True)]


def test_the_way_to_the_next_page_does_not_name_the_behaviour_that_it_begins_after(asks, database):
    private, following, masked = private_ids(database), "", 0
    while following is not None:
        shown = asks(S, f"/v1/users/{PIOUS}/behaviours?limit=1{following and '&cursor=' + following}").json()
        masked += shown["behaviours"][0]["title"] == MASK
        following = shown["next"]
        told = base64.urlsafe_b64decode((following or "") + "==")
        assert not [one for one in private if one.encode() in told]
        assert b"20000" not in told, "when it was"
    assert masked == len(private)


def test_that_an_item_was_met_is_a_look_even_if_it_is_not_private(asks, database):
    with database.session() as session:
        met = session.scalars(select(BehaviourRow.item_id).where(BehaviourRow.user_id == "u2")).first()
    assert asks(S, "/v1/explanations", "POST", {"user": "u2", "item": met}).status_code == 409
    assert asks(A, "/v1/explanations", "POST", {"user": PIOUS, "item": "s0"}).status_code == 409, "the customer's own"
    assert looks(database) == [("explanations", False)]


def test_a_list_of_what_is_private_alone_is_for_a_case(asks, database):
    with database.session() as session:
        rows = session.execute(select(BehaviourRow.id, BehaviourRow.item_id).where(BehaviourRow.user_id == PIOUS))
        films = [(row.id, row.item_id) for row in rows if row.item_id.startswith("i")]
    path, some = f"/v1/users/{PIOUS}/preview", [item for _, item in films[:-1]]
    for names in ([key for key, _ in films], [item for _, item in films]):
        problem_of(asks(S, path, "POST", {"exclude": names, "k": 3}), 403)
        assert asks(S, path, "POST", {"exclude": names, "k": 3}, **CASE).status_code == 200
        assert asks(A, path, "POST", {"exclude": names, "k": 3}).status_code == 200
    assert asks(S, path, "POST", {"exclude": some, "k": 3}).status_code == 200
    assert looks(database) == [("preview", True), ("preview", True), ("preview", False)]
    with database.session() as session:
        kept = [key for key, _ in films[:-1]]
        session.execute(delete(BehaviourRow).where(BehaviourRow.id.in_(kept)))
    page = f"/preview?user={PIOUS}&without={films[-1][1]}"
    problem_of(asks(S, page), 403)
    with database.session() as session:
        title = session.get_one(ItemRow, films[-1][1]).title
    assert title.split("\n")[0] in asks(X, page).text, "what is left out is no secret"


def test_figures_are_one_sum_item_by_item_and_cannot_be_told_apart(asks, database):
    private = private_ids(database)
    made = asks(A, "/v1/explanations", "POST", {"user": PIOUS, "k": 20}).json()["explanations"]
    for one in made:
        shown = asks(S, f"/v1/explanations/{one['id']}").json()
        whole = asks(S, f"/v1/explanations/{one['id']}", **CASE).json()
        hidden = [whole["contributions"][key] for key in private]
        assert shown["contributions"][MASK] == pytest.approx(sum(hidden))
        assert len(shown["contributions"]) == len(whole["contributions"]) - len(private) + 1
        assert not [value for value in hidden if value and str(value) in json.dumps(shown)]
        path = f"/v1/why-not?user={PIOUS}&item={one['item']}"
        answer = asks(S, path).json()
        parts = [*answer["speaks_for"], *answer["speaks_against"]]
        assert [part["title"] for part in parts if part["behaviour_id"].startswith(MASK)] in ([], [MASK])
        assert not [value for value in hidden if value and str(value) in json.dumps(answer)]


def test_a_picture_has_one_bar_for_all_that_is_masked(asks, database):
    made = asks(A, "/v1/explanations", "POST", {"user": PIOUS, "k": 1}).json()["explanations"][0]
    path = f"/explanations/{made['id']}/waterfall.svg"
    assert asks(S, path).text.count(f"<title>{MASK}") == 1
    assert asks(S, path, **CASE).text.count("<title>Psalm") == 3


def test_a_deleted_tag_that_rests_on_private_things_alone_is_private_whatever_the_word(asks, database, model):
    explainer = writing(database, model, None)
    held = explainer.tags.of("u2").tags[0]
    assert asks(A, f"/v1/users/u2/tags/{held.tag}", "DELETE").status_code == 204

    def deleted(role, **case):
        return asks(role, "/v1/users/u2/tags", **case).json()["deleted"]

    assert deleted(S) == deleted(A) == [held.tag]
    with database.session() as session:
        carriers = [item.id for item in explainer.model.recommender.catalogue.items if held.tag in item.aspects]
        session.execute(update(ItemRow).where(ItemRow.id.in_(carriers)).values(private="health"))
    assert (deleted(S), deleted(S, **CASE), deleted(X), deleted(A)) == ([], [held.tag], [held.tag], [])
    refused = asks(A, "/v1/users/u2/tags/nonsense", "PUT")
    assert (refused.status_code, held.tag in refused.text) == (404, False)
    with database.session() as session:
        session.execute(delete(BehaviourRow).where(BehaviourRow.user_id == "u2"))
    assert (deleted(S), deleted(A)) == ([], []), "they are gone, and the word tells the same"
    assert asks(A, f"/v1/users/u2/tags/{held.tag}", "PUT").status_code == 204


@pytest.fixture
def desk(database, model):
    made = staff_of(writing(database, model, None), S, "/support")
    yield made
    made.client.__exit__(None, None, None)


def test_the_support_page_does_not_tell_that_a_private_item_was_met_since(desk, database, model):
    explainer = writing(database, model, None)
    (row,) = explainer.explain_items("u2", ["s0"])
    path = f"/support/explanations/{row.id}"
    before = desk.see(path).text
    with database.session() as session:
        session.add(BehaviourRow(id="since", user_id="u2", item_id="s0", kind="view", time=3_000_000))
    after = desk.see(path).text
    assert today_of(after) == today_of(before), "met or not, it reads the same"
    assert "1 sensitive detail is masked" in after
    desk.send("/support/purpose", ticket="T-1", purpose="The customer asks why.")
    assert "The customer has met this item since" in desk.see(path).text
    assert [unmasked for what, unmasked in looks(database) if what == "support page"] == [False, False, True]


def today_of(page):
    return page.partition('id="today"')[2].partition("</section>")[0]


def test_a_replay_after_a_fit_tells_a_shops_program_of_no_private_behaviour(asks, database):
    private = private_ids(database)
    made = asks(A, "/v1/explanations", "POST", {"user": PIOUS, "k": 1}).json()["explanations"][0]
    plain = asks(A, "/v1/explanations", "POST", {"user": "u2", "k": 1}).json()["explanations"][0]
    other = HybridConfig(parts=(EaseConfig(regularization=500.0),), weights={"ease": 1.0})
    with asking(database, fit(private_dataset(), HashEncoder(), other)) as later:
        path = f"/v1/explanations/{made['id']}/replay"
        told, whole = later(A, path).json(), later(X, path).json()
        assert told["outcome"] == whole["outcome"] == "different"
        assert told["versions"] == whole["versions"]
        assert {"recommender", "score"} <= {one["what"] for one in told["differences"]}
        assert [key for key in private if key in json.dumps(whole)], "there is something to keep"
        assert not [key for key in private if key in json.dumps(told)]
        assert not [one for one in told["differences"] if one["what"].split(".")[0] in ("contributions", "order")]
        assert "chosen not to show" in told["notes"][-1]
        path = f"/v1/explanations/{plain['id']}/replay"
        assert later(A, path).json()["differences"] == later(X, path).json()["differences"]


def test_a_replay_of_what_turned_private_since_has_no_word_of_it_for_a_shops_program(asks, database):
    made = asks(A, "/v1/explanations", "POST", {"user": PIOUS, "k": 1}).json()["explanations"][0]
    cited = made["evidence"][0]
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id == cited["item"]).values(private="health"))
        session.get_one(ExplanationRow, made["id"]).text = "Altered."
    told = asks(A, f"/v1/explanations/{made['id']}/replay").text
    assert cited["title"] not in told
    assert cited["behaviour_id"] not in told
    assert cited["title"] in asks(X, f"/v1/explanations/{made['id']}/replay").text


def test_a_text_that_is_masked_keeps_back_how_it_was_made_and_why_it_was_taken_back(asks, database):
    made = asks(A, "/v1/explanations", "POST", {"user": PIOUS, "k": 1}).json()["explanations"][0]
    path = f"/v1/explanations/{made['id']}"
    with database.session() as session:
        row = session.get_one(ExplanationRow, made["id"])
        row.gate_failures, row.prompt_hash = ["unknown_word: dialysis"], "hash of the facts"
        session.execute(update(ItemRow).where(ItemRow.id == made["evidence"][0]["item"]).values(private="health"))
    assert asks(S, f"{path}/suppress", "POST", {"reason": "They wrote of their dialysis."}).status_code == 200
    for role in (S, A):
        shown = asks(role, path).text
        assert not [word for word in ("dialysis", "hash of the facts") if word in shown]
    whole = asks(S, path, **CASE).json()
    assert (whole["gate_failures"], whole["versions"]["prompt_hash"]) == (
        ["unknown_word: dialysis"],
        "hash of the facts",
    )
    assert whole["suppressed"]["reason"] == "They wrote of their dialysis."


def test_the_support_page_keeps_back_what_the_gate_had_against_a_masked_text(desk, database, model):
    (row,) = writing(database, model, None).explain_top("u2", 1)
    with database.session() as session:
        session.get_one(ExplanationRow, row.id).gate_failures = ["unknown_word: dialysis"]
    path = f"/support/explanations/{row.id}"
    assert "dialysis" in desk.see(path).text
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id == row.evidence[0].item_id).values(private="health"))
    assert "dialysis" not in desk.see(path).text
