"""Behaviours that customers exclude: no list, text, tag or reason knows of them, until they are taken in again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select

from explainer.audit import log
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.choice_tables import ExclusionRow
from explainer.writing.style import LOCALES
from tests.integration.choices.acting import NEVER, OFF, OUT, U, entries, everything, exclude, explain, ids, listed
from tests.integration.problems import problem_of


class TestExclusions:
    def test_an_excluded_behaviour_is_listed_cited_no_more_and_its_item_stays_met(self, client, explainer):
        (first,) = explain(client, k=1)
        cited = first["evidence"][0]
        answer = exclude(client, cited["behaviour_id"])
        assert answer.status_code == 200
        (entry,) = answer.json()["exclusions"]
        assert (entry["behaviour_id"], entry["item"]) == (cited["behaviour_id"], cited["item"])
        assert (entry["title"], entry["kind"], entry["value"]) == (cited["title"], cited["kind"], cited["value"])
        assert client.get(f"{U}/exclusions").json() == answer.json() == {"user": "u1", "exclusions": [entry]}
        again = explain(client, k=50)
        assert all(cited["behaviour_id"] not in one["contributions"] for one in again)
        assert all(cited["behaviour_id"] not in {e["behaviour_id"] for e in one["evidence"]} for one in again)
        assert cited["item"] not in {one["item"] for one in again}
        assert "met" in problem_of(client.post("/v1/explanations", json={"user": "u1", "item": cited["item"]}), 409)
        why = client.get("/v1/why-not", params={"user": "u1", "item": cited["item"]}).json()
        assert why["standing"] == "met"

    def test_the_list_is_that_of_a_history_without_it_but_for_its_item(self, client, explainer):
        before = explainer.history("u1")
        gone = before.behaviours[0]
        exclude(client, gone.id)
        scores = explainer.model.recommender.scores([before.without({gone.id})])[0]
        found = listed(client)["recommendations"]
        at = explainer.model.recommender.catalogue.position
        assert [r["score"] for r in found] == pytest.approx([float(scores[at(r["item"])]) for r in found])
        assert not {gone.item} & set(ids({"recommendations": found}))

    def test_a_second_time_changes_nothing_and_leaves_no_entry(self, client, database, explainer):
        one, two = everything(explainer)[:2]
        first = exclude(client, one).json()
        assert exclude(client, one, one).json() == first
        both = exclude(client, one, two).json()
        assert [e["behaviour_id"] for e in both["exclusions"]] == [one, two]
        assert [event for event, _ in entries(database, "behaviour.excluded")] == ["behaviour.excluded"] * 2
        for _ in range(2):
            assert client.delete(f"{U}/exclusions/{one}").status_code == 204
        assert [event for event, _ in entries(database, "behaviour.included")] == ["behaviour.included"]

    def test_by_the_id_of_an_item_all_that_was_done_with_it(self, client, explainer, database):
        with database.session() as session:
            session.add(BehaviourRow(id="again", user_id="u1", item_id="i7", kind="view", time=5))
            session.add(BehaviourRow(id="once more", user_id="u1", item_id="i7", kind="rating", value=5.0, time=6))
        found = exclude(client, "i7").json()["exclusions"]
        assert {"again", "once more"} <= {e["behaviour_id"] for e in found}
        assert {e["item"] for e in found} == {"i7"}
        assert client.delete(f"{U}/exclusions/i7").status_code == 204
        assert client.get(f"{U}/exclusions").json()["exclusions"] == []

    def test_taken_in_again_everything_is_as_it_was(self, client, explainer):
        before, tags = listed(client), client.get(f"{U}/tags").json()
        every = everything(explainer)
        exclude(client, *every)
        assert listed(client) != before
        for one in every:
            assert client.delete(f"{U}/exclusions/{one}").status_code == 204
        assert (listed(client), client.get(f"{U}/tags").json()) == (before, tags)

    def test_the_entry_is_the_digest_of_the_row(self, client, explainer, database):
        one = everything(explainer)[0]
        exclude(client, one)
        with database.session() as session:
            (row,) = session.scalars(select(ExclusionRow))
            (entry,) = session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == "behaviour.excluded"))
        record = {"id": row.id, "user": "u1", "behaviour": one, "created_at": row.created_at.isoformat()}
        assert entry.record_id == row.id
        assert log.proves(entry, record)
        client.delete(f"{U}/exclusions/{one}")
        with database.session() as session:
            (entry,) = session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == "behaviour.included"))
        assert entry.record_id == row.id
        assert log.proves(entry, record)

    def test_exclusion_and_entry_stand_or_fall_together(self, explainer, database, monkeypatch):
        from explainer.service.exclusions import exclude_behaviours

        one = everything(explainer)[0]
        monkeypatch.setattr(log, "append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            exclude_behaviours(database, "u1", [one])
        assert one in everything(explainer)

    def test_many_at_once_make_one_entry_each(self, client, explainer, database):
        every = everything(explainer)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: exclude(client, *every), range(8)))
        assert {a.status_code for a in answers} == {200}
        assert len(entries(database, "behaviour.excluded")) == len(every)

    def test_what_was_excluded_and_then_erased_can_be_taken_off_the_list(self, client, explainer, database):
        one = everything(explainer)[0]
        exclude(client, one)
        with database.session() as session:
            session.execute(delete(BehaviourRow).where(BehaviourRow.id == one))
        (entry,) = client.get(f"{U}/exclusions").json()["exclusions"]
        assert (entry["behaviour_id"], entry["item"], entry["title"]) == (one, None, None)
        assert client.delete(f"{U}/exclusions/{one}").status_code == 204
        assert client.get(f"{U}/exclusions").json()["exclusions"] == []

    def test_excluded_behaviours_make_no_tags(self, client, explainer):
        user = "u2"
        (tag,) = client.get(f"/v1/users/{user}/tags").json()["tags"]
        gone = [b["behaviour_id"] for b in tag["behaviours"]]
        exclude(client, *gone[:-1], user=user)
        assert client.get(f"/v1/users/{user}/tags").json()["tags"] == []
        assert "has no such tag" in problem_of(client.delete(f"/v1/users/{user}/tags/{tag['tag']}"), 404)

    def test_of_what_is_excluded_nothing_speaks_for_or_against(self, client, explainer):
        item = ids(listed(client))[0]
        part = client.get("/v1/why-not", params={"user": "u1", "item": item}).json()["speaks_for"][0]
        exclude(client, part["behaviour_id"])
        found = client.get("/v1/why-not", params={"user": "u1", "item": item}).json()
        assert part["behaviour_id"] not in {p["behaviour_id"] for p in found["speaks_for"] + found["speaks_against"]}

    @pytest.mark.parametrize("locale", LOCALES)
    def test_without_anything_left_the_text_says_why_and_not_that_they_are_new(self, client, explainer, locale):
        exclude(client, *everything(explainer))
        found = listed(client)
        assert (found["cold_start"], found["personalised"]) == (False, True)
        for one in explain(client, k=12, locale=locale):
            assert OUT[locale] in one["text"].lower()
            assert not any(word in one["text"].lower() for word in (*NEVER, OFF[locale])), one["text"]
            assert (one["source"], one["evidence"], one["contributions"]) == ("template", [], {})
