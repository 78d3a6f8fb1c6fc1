"""Behaviours in batches: judged row by row, stored once, in the history at once."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from explainer.storage.catalogue_tables import BehaviourRow
from retriever.data.model import behaviour_id
from tests.integration.batches.acting import audited, post, statuses


class TestBehaviours:
    def test_bad_rows_are_refused_with_the_fix_and_good_ones_stored(self, client):
        soon, late = int(time.time()) + 3600, int(time.time()) + 2 * 86_400
        base = {"user": "u1", "item": "i1", "kind": "rating"}
        answer = post(
            client,
            {**base, "value": 5, "time": soon},
            {**base, "item": "nowhere"},
            {**base, "kind": "stare"},
            {**base, "value": 6},
            {**base, "value": "NaN"},
            {**base, "time": late},
            {**base, "time": -5},
            {**base, "time": 10**30},
            {**base, "time": -(10**4000)},
            {**base, "mood": "good"},
            "row",
            {**base, "user": "\x07"},
            {**base, "user": " "},
            {**base, "value": True},
        )
        assert statuses(answer) == ["created", *["refused"] * 13]
        details = [result["detail"] or "" for result in answer["results"]]
        words = ["", "PUT /v1/items", "view, click, purchase", "from 1 to 5", "float", "Unix seconds", "Unix seconds"]
        words += ["time", "time", "unknown field `mood`", "object", "U+0007", "user is blank", "float"]
        assert all(word in detail for word, detail in zip(words, details, strict=True)), details

    def test_ids_are_made_of_the_fields_and_the_same_batch_again_changes_nothing(self, client, database):
        row = {"user": "new", "item": "i1", "kind": "rating", "value": 4, "time": 1_700_000_000}
        first = post(client, row, row)
        expected = behaviour_id("new", "i1", "rating", 1_700_000_000, 4.0)
        assert [r["id"] for r in first["results"]] == [expected, expected]
        assert statuses(first) == ["created", "unchanged"]
        assert statuses(post(client, row, row)) == ["unchanged", "unchanged"]
        with database.session() as session:
            assert session.scalar(select(func.count()).where(BehaviourRow.user_id == "new")) == 1
        assert len(audited(database, "behaviours.stored")) == 1

    def test_an_id_that_is_taken_is_refused_and_tells_nothing_of_its_owner(self, client, database):
        row = {"id": "b-1", "user": "owner", "item": "i1", "kind": "like"}
        assert statuses(post(client, row)) == ["created"]
        answer = post(client, {**row, "user": "thief"}, {**row, "user": "thief"})
        assert statuses(answer) == ["refused", "refused"]
        assert "owner" not in json.dumps(answer)
        with database.session() as session:
            assert session.get_one(BehaviourRow, "b-1").user_id == "owner"

    def test_two_rows_of_one_id_that_differ_are_both_refused(self, client):
        row = {"id": "b-1", "user": "u1", "item": "i1", "kind": "like"}
        answer = post(client, row, {**row, "item": "i2"})
        assert statuses(answer) == ["refused", "refused"]
        assert "row 1" in answer["results"][0]["detail"]

    def test_a_behaviour_is_in_the_history_at_once(self, client):
        before = client.get("/v1/users/u1/recommendations").json()["recommendations"]
        post(client, {"user": "u1", "item": before[0]["item"], "kind": "purchase"})
        after = client.get("/v1/users/u1/recommendations").json()["recommendations"]
        assert before[0]["item"] not in {r["item"] for r in after}

    def test_batches_at_the_same_time_store_each_behaviour_once(self, client, database):
        rows = [{"user": "busy", "item": f"i{n}", "kind": "view", "time": 1_700_000_000 + n} for n in range(40)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: post(client, *rows), range(4)))
        assert {status for answer in answers for status in statuses(answer)} == {"created", "unchanged"}
        assert len(audited(database, "behaviours.stored")) == 1
        with database.session() as session:
            assert session.scalar(select(func.count()).where(BehaviourRow.user_id == "busy")) == 40
