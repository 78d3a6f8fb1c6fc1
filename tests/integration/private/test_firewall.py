"""The firewall in the service: what is stored, what customers read instead, what auditors count."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from explainer.access import Role
from explainer.evidence.firewall import Firewall, load_lists
from explainer.judging import judge_catalogue
from explainer.server.customer_choices import ChoiceForm, _meant
from explainer.service.exclusions import include_behaviour
from explainer.service.masking import MASK
from explainer.service.unnamed import NO_TEXT, NOT_SHOWN
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.private import private_among, private_behaviours
from tests.integration.watched import PIOUS, writing

A, X, U = Role.APP, Role.ADMIN, Role.AUDITOR
SECRET = ("Choir", "Psalm", "christianity", "religion")


@pytest.fixture
def made(asks):
    return asks(A, "/v1/explanations", "POST", {"user": PIOUS, "k": 2}).json()["explanations"][0]


def private_ids(database):
    with database.session() as session:
        return set(private_behaviours(session, PIOUS))


def test_what_nobody_has_judged_is_private_until_somebody_has(database, model):
    with database.session() as session:
        assert len(private_behaviours(session, PIOUS)) == 7, "all that they did"
    writing(database, model, None)
    with database.session() as session:
        assert private_among(session, {"s0", "s1", "i0", "i1"}) == {"s0", "s1"}
        assert set(map(tuple, private_behaviours(session, PIOUS).values())) == {("religion",)}


def test_a_catalogue_is_judged_again_when_the_lists_change_and_only_then(database, model):
    writing(database, model, None)
    assert judge_catalogue(database, Firewall(load_lists())) == 0
    assert judge_catalogue(database, Firewall(load_lists({"health"}))) == 64
    assert private_ids(database) == set()
    assert judge_catalogue(database, Firewall(load_lists())) == 64
    assert len(private_ids(database)) == 4


def test_a_shops_program_gets_one_sum_without_id_or_number(asks, made, database):
    private = private_ids(database)
    with database.session() as session:
        row = session.get(ExplanationRow, made["id"])
        whole = row.contributions
        assert set(row.asked["private"]) == private
    assert made["contributions"][MASK] == pytest.approx(sum(whole[key] for key in private))
    assert made["base_score"] + sum(made["contributions"].values()) == pytest.approx(made["score"], abs=1e-4)
    assert made["order"][-1] == MASK
    assert made["not_shown"] == NOT_SHOWN["en"]
    assert "masked" not in made, "not how many there are"
    assert not [one for one in (*private, *SECRET) if one in json.dumps(made)]
    assert asks(A, f"/v1/explanations/{made['id']}").json() == made
    assert asks(A, "/v1/explanations").json()["explanations"][-1]["contributions"].keys() <= {*whole, MASK}


def test_what_turns_private_after_it_was_shown_is_told_no_more_not_even_from_memory(asks, made, database):
    cited = made["evidence"][0]
    assert asks(A, f"/v1/explanations/{made['id']}").json()["text"] == made["text"]
    item = {"id": cited["item"], "title": cited["title"], "aspects": ["noir", "hiv"]}
    assert asks(X, "/v1/items", "PUT", {"items": [item]}).json()["results"][0]["status"] == "updated"
    shown = asks(A, f"/v1/explanations/{made['id']}").json()
    assert (shown["text"], shown["current"]) == (NO_TEXT["en"], NO_TEXT["en"])
    token = asks(A, f"/v1/explanations/{made['id']}/embed-token", "POST", {}).json()["token"]
    embedded = asks(A, f"/embed/explanations/{made['id']}", authorization=f"Embed {token}").json()
    assert (embedded["sentence"], embedded["source"]) == (NO_TEXT["en"], "template")
    for text in (json.dumps(shown), json.dumps(embedded)):
        assert cited["behaviour_id"] not in text
        assert cited["title"] not in text.replace(made["title"], "")


@pytest.mark.parametrize("lang", NOT_SHOWN)
def test_a_shops_page_says_how_much_it_did_and_nothing_else(asks, made, database, lang):
    token = asks(A, f"/v1/explanations/{made['id']}/embed-token", "POST", {}).json()["token"]
    shown = asks(A, f"/embed/explanations/{made['id']}?lang={lang}", authorization=f"Embed {token}").json()
    values = made["contributions"]
    with database.session() as session:
        support = sum(v for v in session.get(ExplanationRow, made["id"]).contributions.values() if v > 0)
    assert NOT_SHOWN[lang] in shown["not_shown"].lower()
    assert f"{abs(values[MASK]) / support:.0%}" in shown["not_shown"]
    assert not [one for one in (*private_ids(database), *SECRET) if one in json.dumps(shown)]


def test_what_was_stored_of_something_private_is_not_told_on_a_shops_page_either(asks, made, database):
    with database.session() as session:
        for cited in session.get_one(ExplanationRow, made["id"]).evidence:
            cited.title = "Cancer Ward"
    token = asks(A, f"/v1/explanations/{made['id']}/embed-token", "POST", {}).json()["token"]
    shown = asks(A, f"/embed/explanations/{made['id']}", authorization=f"Embed {token}").json()
    assert (shown["sentence"], shown["source"], shown["behaviours"]) == (NO_TEXT["en"], "template", [])
    assert "Cancer" not in json.dumps(shown)


def test_the_page_says_it_and_names_neither_item_nor_category(asks, database):
    for lang, words in NOT_SHOWN.items():
        page = asks(A, f"/?user={PIOUS}", **{"Accept-Language": lang}).text
        assert words in page.lower()
        assert not [one for one in (*SECRET, *private_ids(database)) if one in page]


def test_an_admin_who_reads_the_customers_picture_sees_what_the_customer_sees(asks, made):
    path = f"/explanations/{made['id']}/waterfall.svg"
    assert "Psalm" in asks(X, path).text
    shown = asks(X, f"{path}?for=customer").text
    assert "An interest you have chosen not to show" in shown
    assert not [one for one in SECRET if one in shown]


def test_why_not_and_tags_are_without_it(asks, made, database):
    answer = asks(A, f"/v1/why-not?user={PIOUS}&item={made['item']}&k=1").json()
    parts = [*answer["speaks_for"], *answer["speaks_against"]]
    (one,) = [part for part in parts if part["behaviour_id"] == MASK]
    assert (one["item"], one["title"]) == (MASK, NOT_SHOWN["en"])
    held = asks(A, f"/v1/users/{PIOUS}/tags").json()
    refused = asks(A, f"/v1/users/{PIOUS}/tags/nonsense", "DELETE").text
    for text in (json.dumps(answer), json.dumps(held), refused):
        assert not [word for word in (*SECRET, *private_ids(database)) if word in text]
    assert [word for word in SECRET if word in asks(X, f"/v1/users/{PIOUS}/tags").text], "there is something to keep"


def test_a_counterfactual_has_one_stand_in_for_all_of_it(asks, made, database):
    first, second = sorted(private_ids(database))[:2]
    with database.session() as session:
        row = session.get(ExplanationRow, made["id"])
        record = row.counterfactual.record if row.counterfactual else row.early_counterfactual
        row.counterfactual.record = record | {"behaviours": [first, second]}
    assert asks(A, f"/v1/explanations/{made['id']}/counterfactual").json()["behaviours"] == [MASK]


def test_excluded_private_things_are_one_without_a_name_on_the_page_and_can_be_used_again(asks, made, database):
    path, private = f"/v1/users/{PIOUS}/exclusions", private_ids(database)
    assert asks(A, path, "POST", {"behaviours": ["s0", "s1"]}).status_code < 300
    page = asks(A, f"/?user={PIOUS}").text
    assert f'name="name" value="{MASK}"' in page
    assert not [one for one in (*SECRET, *private) if one in page]
    assert len(asks(A, path).json()["exclusions"]) == 2
    meant = _meant(database, ChoiceForm(PIOUS, MASK))
    for name in meant:
        include_behaviour(database, PIOUS, name)
    assert asks(A, path).json()["exclusions"] == []


def test_the_preview_of_a_private_thing_has_no_title(asks, database):
    for name in ("s0", min(private_ids(database))):
        page = asks(A, f"/preview?user={PIOUS}&without={name}").text
        assert not [one for one in SECRET if one in page]


def test_an_item_that_comes_later_is_judged_as_it_is_stored(asks, database):
    item = {"id": "late", "title": "Coping with cancer"}
    asks(X, "/v1/items", "PUT", {"items": [item, {"id": "plain", "title": "Bread"}]})
    with database.session() as session:
        assert private_among(session, {"late", "plain"}) == {"late"}
        assert session.scalar(select(ItemRow.judged_by).where(ItemRow.id == "plain"))
    asks(X, "/v1/items", "PUT", {"items": [{"id": "late", "title": "Coping with crosswords"}]})
    with database.session() as session:
        assert private_among(session, {"late", "plain"}) == set()


def test_metrics_count_by_category_and_name_nobody(asks, made):
    text = asks(U, "/metrics").text
    assert 'explainer_private_total{category="religion"} 2.0' in text
    assert not [one for one in (PIOUS, "Psalm", "s0") if f'"{one}"' in text]


def test_a_low_rating_of_something_private_is_never_told_of(database, model):
    explainer = writing(database, model, None)
    with database.session() as session:
        session.execute(
            update(BehaviourRow).where(BehaviourRow.user_id == PIOUS, BehaviourRow.item_id == "s0").values(value=1.0)
        )
    private = private_ids(database)
    for row in explainer.explain_top(PIOUS, 10):
        assert not {e.behaviour_id for e in row.evidence} & private
        assert not {one for e in row.evidence for one in e.merged} & private


def test_an_auditor_counts_by_category(asks, made):
    record = asks(U, f"/v1/audit/explanations/{made['id']}").json()["record"]
    assert record["private"] == {"religion": 4}
    (point,) = asks(U, "/v1/audit/series").json()["points"]
    assert point["private"] == {"religion": 2}
