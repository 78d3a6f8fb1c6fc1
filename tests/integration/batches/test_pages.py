"""A user's behaviours read page by page."""

from __future__ import annotations

import pytest

from explainer.storage.choice_tables import ExclusionRow
from tests.integration.batches.acting import post, problem


class TestPages:
    def test_pages_hold_everything_once_newest_first(self, client):
        rows = [{"user": "p", "item": f"i{n}", "kind": "view", "time": 1_700_000_000 + n // 2} for n in range(7)]
        post(client, *rows, {"user": "p", "item": "i9", "kind": "like"})
        seen, cursor = [], None
        while True:
            params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = client.get("/v1/users/p/behaviours", params=params).json()
            seen += page["behaviours"]
            cursor = page["next"]
            if cursor is None:
                break
        times = [b["time"] for b in seen]
        assert len({b["id"] for b in seen}) == len(seen) == 8
        assert times[-1] is None
        assert times[:-1] == sorted(times[:-1], reverse=True)

    def test_each_says_what_it_means_and_whether_it_is_excluded(self, client, database):
        row = {"user": "q", "kind": "rating", "time": 1_700_000_000}
        values = {"i1": 5, "i2": 3, "i3": 1}
        answer = post(client, *({**row, "item": item, "value": value} for item, value in values.items()))
        with database.session() as session:
            session.add(ExclusionRow(user_id="q", behaviour_id=answer["results"][1]["id"]))
            session.add(ExclusionRow(user_id="somebody else", behaviour_id=answer["results"][0]["id"]))
        found = {b["item"]: b for b in client.get("/v1/users/q/behaviours").json()["behaviours"]}
        assert {item: b["polarity"] for item, b in found.items()} == {"i1": "liked", "i2": "neutral", "i3": "disliked"}
        assert {item: b["excluded"] for item, b in found.items()} == {"i1": False, "i2": True, "i3": False}
        assert found["i1"]["title"]

    def test_somebody_unknown_has_no_behaviours(self, client):
        assert client.get("/v1/users/nobody/behaviours").json() == {"user": "nobody", "behaviours": [], "next": None}

    @pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "%%%", "WzFlMzAsImEiXQ", "WyIyMDIwIiwiYSJd"])
    def test_a_cursor_that_is_none_of_ours_is_refused(self, client, cursor):
        assert "begin again" in problem(client.get("/v1/users/u1/behaviours", params={"cursor": cursor}), 400)

    @pytest.mark.parametrize("limit", [0, 101, "many"])
    def test_a_page_has_a_length_that_can_be_answered(self, client, limit):
        problem(client.get("/v1/users/u1/behaviours", params={"limit": limit}), 400)
