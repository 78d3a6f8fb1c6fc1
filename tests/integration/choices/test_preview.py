"""Previews: what a customer's list would be without some behaviours, shown before they choose."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from explainer.storage.choice_tables import ExclusionRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.style import LOCALES
from tests.integration.choices.acting import OFF, OUT, U, everything, exclude, explain, ids, listed, switch
from tests.integration.problems import problem_of


class TestPreview:
    def test_it_shows_what_goes_what_comes_and_where_all_were(self, client, explainer, database):
        first = explain(client, k=5)
        gone = first[0]["counterfactual"]["behaviours"] or [first[0]["evidence"][0]["behaviour_id"]]
        with database.session() as session:
            before = session.scalar(select(func.count()).select_from(ExplanationRow))
        shown = client.post(f"{U}/preview", json={"exclude": gone, "k": 5}).json()
        was, now = [one["item"] for one in first], ids(shown)
        assert shown["exclude"] == gone
        assert shown["gone"] == [item for item in was if item not in now]
        assert shown["new"] == [item for item in now if item not in was]
        assert [r["was"] for r in shown["recommendations"]] == [
            was.index(item) + 1 if item in was else None for item in now
        ]
        with database.session() as session:
            assert session.scalar(select(func.count()).select_from(ExplanationRow)) == before
            assert session.scalar(select(func.count()).select_from(ExclusionRow)) == 0
        exclude(client, *gone)
        assert ids(listed(client, k=5)) == now, "what was shown is what comes"
        assert [one["text"] for one in explain(client, k=5)] == [r["text"] for r in shown["recommendations"]]

    def test_it_stands_on_what_is_excluded_already(self, client, explainer):
        one, two = everything(explainer)[:2]
        exclude(client, one)
        start = ids(listed(client, k=5))
        shown = client.post(f"{U}/preview", json={"exclude": [two], "k": 5}).json()
        assert shown["exclude"] == [two]
        assert [r for r in start if r not in ids(shown)] == shown["gone"]
        same = client.post(f"{U}/preview", json={"exclude": [one], "k": 5}).json()
        assert (same["exclude"], ids(same), same["gone"], same["new"]) == ([], start, [], [])

    @pytest.mark.parametrize("locale", LOCALES)
    def test_without_everything_it_says_that_all_would_be_excluded(self, client, explainer, locale):
        body = {"exclude": everything(explainer), "k": 6, "locale": locale}
        shown = client.post(f"{U}/preview", json=body).json()
        assert all(OUT[locale] in r["text"].lower() for r in shown["recommendations"])

    def test_switched_off_nothing_would_change(self, client, explainer):
        every = everything(explainer)
        switch(client, "off")
        shown = client.post(f"{U}/preview", json={"exclude": every, "k": 5}).json()
        assert (shown["exclude"], shown["gone"], shown["new"]) == ([], [], [])
        assert all(OFF["en"] in r["text"].lower() for r in shown["recommendations"])

    def test_the_old_name_of_the_field_is_refused(self, client):
        problem_of(client.post(f"{U}/preview", json={"without": ["i1"]}), 400)
