"""Choices that are nonsense, too large, or of somebody else."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from explainer.access.keys import create_key
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.storage import catalogue
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.choice_tables import UserSettingsRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport, Dataset, Item
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, rating
from tests.integration.choices.acting import U, everything, exclude
from tests.integration.problems import problem_of


class TestHostile:
    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            ({"behaviours": ["no such thing"]}, 404, "Name 1 of 1"),
            ({"behaviours": ["i' OR 1=1 --"]}, 404, "their behaviours"),
            ({"behaviours": []}, 400, "Validation"),
            ({"behaviours": [""]}, 400, "Validation"),
            ({"behaviours": ["x" * 201]}, 400, "Validation"),
            ({"behaviours": ["x"] * 1001}, 400, "Validation"),
            ({"behaviours": "i1"}, 400, "Validation"),
            ({"behaviours": [None]}, 400, "Validation"),
            ({"behaviours": ["i1"], "user": "u2"}, 400, "Validation"),
            ({}, 400, "Validation"),
        ],
    )
    def test_nonsense_is_a_clear_error(self, kept_client, body, status, words):
        assert words in problem_of(kept_client.post(f"{U}/exclusions", json=body), status)

    def test_a_body_of_megabytes_is_refused(self, kept_client):
        answer = kept_client.post(f"{U}/exclusions", json={"behaviours": ["x" * 200] * 5000})
        assert answer.status_code in {400, 413}

    def test_one_unknown_among_many_excludes_none(self, client, explainer):
        known = everything(explainer)
        assert f"Name {len(known) + 1} of {len(known) + 1}" in problem_of(exclude(client, *known, "nope"), 404)
        assert client.get(f"{U}/exclusions").json()["exclusions"] == []

    def test_a_thousand_names_of_the_same_are_one(self, client, explainer):
        one = everything(explainer)[0]
        assert len(exclude(client, *[one] * 1000).json()["exclusions"]) == 1

    def test_anothers_behaviour_is_as_unknown_as_none(self, client, explainer, database):
        theirs = everything(explainer, "u2")[0]
        said = problem_of(exclude(client, theirs), 404)
        assert said == problem_of(exclude(client, "nope"), 404).replace("nope", theirs)
        problem_of(client.delete(f"{U}/exclusions/{theirs}"), 404)
        problem_of(client.post(f"{U}/preview", json={"exclude": [theirs]}), 404)
        assert theirs in everything(explainer, "u2")

    def test_anothers_exclusions_are_not_mine(self, client, explainer):
        mine = everything(explainer)
        exclude(client, *everything(explainer, "u2"), user="u2")
        assert everything(explainer) == mine
        assert client.get(f"{U}/exclusions").json()["exclusions"] == []

    def test_deleting_without_an_id_is_no_route(self, client):
        assert client.delete(f"{U}/exclusions").status_code == 405
        problem_of(client.delete(f"{U}/exclusions/unknown"), 404)

    def test_ids_of_any_kind_can_be_excluded_and_taken_in_again(self, empty):
        strange = ("a/b", "/a/b/", "a//b", "a b", "ü/中\u202e", "100%", "?x=1#y", "exclusions/", "{b1}", "'\"<")
        plain = [Item(f"p{n}", f"Plain {n}", ("plain",)) for n in range(30)]
        items = [Item(f"i{n}", f"Item {n}", ("noir",)) for n in range(len(strange))]
        user = "<b>Zoë \u202e"
        did = [rating(user, f"p{n}", 5.0, n) for n in range(3)] + [rating("o", f"p{n}", 5.0, n) for n in range(9)]
        data = Dataset("strange", "video", (*plain, *items), tuple(did))
        with empty.session() as session:
            catalogue.ingest(session, data, CleaningReport(), lambda _: None)
            for n, one in enumerate(strange):
                session.add(BehaviourRow(id=one, user_id=user, item_id=f"i{n}", kind="view", time=n))
            key = create_key(session, "test")
        explainer = Explainer(empty, fit(data, HashEncoder(), SMALL_HYBRID), Writer(PromptLibrary(), load_vocabulary))
        with TestClient(create_app(explainer, queue=4)) as client:
            client.headers["X-API-Key"] = key
            base = f"/v1/users/{quote(user, safe='')}/exclusions"
            answer = exclude(client, *strange, user=user)
            assert {e["behaviour_id"] for e in answer.json()["exclusions"]} == set(strange)
            for n, one in enumerate(strange):
                assert client.delete(f"{base}/{quote(one, safe='')}").status_code == 204, one
                left = {e["behaviour_id"] for e in client.get(base).json()["exclusions"]}
                assert left == set(strange[n + 1 :]), one
            exclude(client, "a//b", user=user)
            assert client.delete(f"{base}/a//b").status_code == 204, "slashes need no encoding"
            assert client.get(base).json()["exclusions"] == []

    @pytest.mark.parametrize("body", [{}, {"personalised": "no"}, {"personalised": None}, {"personalised": 2},
                                      {"personalised": False, "more": 1}, [], "off"])  # fmt: skip
    def test_settings_that_are_none_are_refused(self, kept_client, body, kept_database):
        assert kept_client.put(f"{U}/settings", json=body).status_code == 400
        with kept_database.session() as session:
            assert session.scalar(select(func.count()).select_from(UserSettingsRow)) == 0

    def test_users_with_long_names_are_refused(self, kept_client):
        for path in ("settings", "exclusions"):
            problem_of(kept_client.get(f"/v1/users/{'u' * 201}/{path}"), 400)
