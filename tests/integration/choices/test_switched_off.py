"""Personalisation switched off: lists by popularity alone, and words that say so."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access.keys import create_key
from explainer.audit import log
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.choice_tables import UserSettingsRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import LOCALES, Style
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.integration.choices.acting import NEVER, OFF, U, entries, everything, exclude, explain, ids, listed, switch
from tests.integration.problems import problem_of


class TestPersonalisationOff:
    def test_it_is_on_until_switched_off_and_each_change_is_recorded_once(self, client, database):
        assert client.get(f"{U}/settings").json() == {"user": "u1", "personalised": True, "changed_at": None}
        off = switch(client, "off")
        assert switch(client, "off") == off == client.get(f"{U}/settings").json()
        assert off["personalised"] is False
        switch(client, "on")
        assert client.get(f"{U}/settings").json()["personalised"] is True
        made = entries(database, "settings.changed")
        assert len(made) == 2
        assert len({key for _, key in made}) == 1
        with database.session() as session:
            row = session.get_one(UserSettingsRow, "u1")
            last = session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == "settings.changed")).all()[-1]
        record = {"id": row.id, "user": "u1", "personalised": True, "changed_at": row.changed_at.isoformat()}
        assert log.proves(last, record)

    def test_the_list_is_the_most_liked_that_they_have_not_met(self, client, explainer):
        met = explainer.history("u1").items()
        before = listed(client)
        assert before["personalised"] is True
        switch(client, "off")
        found = listed(client)
        likes = [explainer.model.counts.popularity(item)[0] for item in ids(found)]
        assert (found["personalised"], found["cold_start"]) == (False, False)
        assert likes == sorted(likes, reverse=True)
        assert likes[0] == max(
            explainer.model.counts.popularity(i.id)[0]
            for i in explainer.model.recommender.catalogue.items
            if i.id not in met
        )
        assert not set(ids(found)) & met
        assert ids(found) != ids(before)
        switch(client, "on")
        assert listed(client) == before

    def test_it_is_popularity_alone_also_where_the_recommender_knows_none(self, database, dataset):
        """A hybrid without a popularity part scores all items 0 for an empty history."""
        config = SMALL_HYBRID.__class__(parts=SMALL_HYBRID.parts[:2], weights={"ease": 1.0, "content": 0.01})
        model = fit(dataset, HashEncoder(), config)
        explainer = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))
        with database.session() as session:
            key = create_key(session, "test")
        with TestClient(create_app(explainer, queue=4)) as client:
            client.headers["X-API-Key"] = key
            switch(client, "off")
            likes = [model.counts.popularity(item)[0] for item in ids(listed(client, k=10))]
        assert likes == sorted(likes, reverse=True)
        assert likes[0] > likes[-1]

    @pytest.mark.parametrize("locale", LOCALES)
    @pytest.mark.parametrize("user", ["u1", "nobody"])
    def test_the_texts_say_so_and_nothing_of_taste_or_of_being_new(self, client, locale, user):
        switch(client, "off", user)
        made = explain(client, user=user, k=20, locale=locale)
        for one in made:
            assert OFF[locale] in one["text"].lower()
            assert not any(word in one["text"].lower() for word in NEVER), one["text"]
            assert (one["evidence"], one["contributions"], one["order"]) == ([], {}, [])
            assert (one["method"], one["verdict"], one["counterfactual"]) == ("popularity only", None, None)
            assert one["score"] == one["base_score"]
        assert [one["rank"] for one in made] == list(range(1, 21))

    def test_an_auditor_reads_by_what_it_was_ranked(self, client, explainer):
        switch(client, "off")
        (row,) = explainer.explain_top("u1", 1, Style("en", "auditor"))
        assert "popularity" in row.text
        assert "popularity only" in row.text
        assert "hybrid" not in row.text
        assert "switched personal recommendations off" in row.text
        (row,) = explainer.explain_top("u1", 1, Style("zh", "auditor"))
        assert "该用户已关闭个性化推荐" in row.text

    def test_one_item_is_explained_too_and_a_met_one_is_not(self, client, explainer):
        met = next(iter(explainer.history("u1").items()))
        switch(client, "off")
        last = ids(listed(client))[-1]
        (one,) = explain(client, item=last)
        assert OFF["en"] in one["text"].lower()
        problem_of(client.post("/v1/explanations", json={"user": "u1", "item": met}), 409)

    def test_why_not_answers_by_popularity(self, client):
        switch(client, "off")
        first, last = ids(listed(client))[0], ids(listed(client))[-1]
        found = client.get("/v1/why-not", params={"user": "u1", "item": last, "k": 2}).json()
        assert found["standing"] == "outranked"
        assert found["speaks_for"] == found["speaks_against"] == []
        assert "popularity alone" in found["words"]
        assert client.get("/v1/why-not", params={"user": "u1", "item": first, "k": 2}).json()["rank"] == 1

    def test_it_outdoes_exclusions_and_leaves_no_tags(self, client, explainer):
        every = everything(explainer)
        exclude(client, *every[:3])
        switch(client, "off")
        assert everything(explainer) == []
        assert client.get(f"{U}/tags").json()["tags"] == []
        assert OFF["en"] in explain(client, k=1)[0]["text"].lower()
        switch(client, "on")
        assert everything(explainer) == every[3:]

    def test_the_page_does_not_claim_to_know_nothing(self, explainer, database):
        from explainer.access import Role
        from explainer.access.people import add_person

        with database.session() as session:
            add_person(session, "ada", Role.SUPPORT, "correct horse battery")
            session.add(UserSettingsRow(user_id="u1", personalised=False))
        with TestClient(create_app(explainer, queue=4)) as client:
            client.post("/login", data={"name": "ada", "password": "correct horse battery"})
            page = client.get("/", params={"user": "u1"}).text
        assert "We know nothing" not in page
        assert "switched personal recommendations off" in page
