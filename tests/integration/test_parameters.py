"""How the recommender decides, in words: from the config in use, in every language, for every recommender."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import msgspec
import numpy as np
import pytest
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.importance import Importance, shares
from explainer.service.parameter_words import WORDS
from explainer.service.parameters import described, parameters
from explainer.storage import catalogue
from explainer.storage.version_tables import ModelVersionRow
from explainer.storage.versions import note_model
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import LOCALES
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import BehaviourKind, CleaningReport
from retriever.fit import fit
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.attentive.config import Loss
from retriever.recommenders.base import RecommenderConfig
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.factory import AnyConfig, default_configs
from retriever.recommenders.item_knn import Similarity
from tests.conftest import HashEncoder

CONFIGS = list(default_configs().values())


def leaves(kind):
    """Return the configs that are no others' root."""
    below = kind.__subclasses__()
    return [leaf for one in below for leaf in leaves(one)] if below else [kind]


@pytest.mark.parametrize("locale", LOCALES)
class TestWords:
    def test_every_recommender_that_there_is_has_words(self, locale):
        configs = {c for c in leaves(RecommenderConfig) if c.__module__.startswith("retriever.")}
        assert configs == set(get_args(AnyConfig))
        assert WORDS[locale].parts.keys() == configs

    @pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
    def test_every_setting_is_explained_or_named_as_technical(self, locale, config):
        told = WORDS[locale].parts[type(config)]
        assert told.settings.keys() | told.technical == set(config.__struct_fields__)
        assert not told.settings.keys() & told.technical
        assert told.title
        assert told.looks_at
        for name, says in told.settings.items():
            words = says.of(getattr(config, name))
            assert words
            assert "{" not in words
            assert "None" not in words

    @pytest.mark.parametrize(("field", "choices"), [("similarity", Similarity), ("loss", Loss)])
    def test_every_choice_has_words_of_its_own(self, locale, field, choices):
        (says,) = [told.settings[field] for told in WORDS[locale].parts.values() if field in told.settings]
        assert set(says.special) == {choice.value for choice in choices}

    def test_every_kind_of_behaviour_has_a_name(self, locale):
        assert WORDS[locale].kinds.keys() == set(BehaviourKind)

    def test_an_api_answer_is_wholly_in_its_language(self, locale, explainer):
        found = parameters(explainer, Importance(), locale)
        prose = [found.shares, found.ratings, *found.never, *found.learnt.words, found.recommender.words]
        prose += [part.looks_at for part in found.recommender.parts] + [signal.words for signal in found.signals]
        prose += [setting.words for part in found.recommender.parts for setting in part.settings]
        chinese = [bool(re.search("[\u4e00-\u9fff]", text)) for text in prose]
        assert all(chinese) if locale == "zh" else not any(chinese)

    def test_the_calls_that_are_named_are_the_same_in_every_language(self, locale):
        assert [c.call for c in WORDS[locale].choices] == [c.call for c in WORDS["en"].choices]
        assert len(WORDS[locale].never) == len(WORDS["en"].never)


class TestValues:
    def test_a_setting_that_is_changed_changes_its_words(self):
        words = WORDS["en"]
        never = described(AlsConfig(), words, {}).parts[0].settings
        fading = described(AlsConfig(half_life=20.0, factors=64), words, {}).parts[0].settings
        said = {setting.name: setting.words for setting in fading}
        assert "after 20 later behaviours" in said["half_life"]
        assert "64 patterns" in said["factors"]
        assert "as much as what you did today" in {s.name: s.words for s in never}["half_life"]

    def test_a_recommender_that_stands_alone_matters_wholly(self):
        (part,) = described(EaseConfig(), WORDS["en"], {}).parts
        assert (part.share, part.weight) == (1.0, 1.0)

    def test_a_share_is_what_taking_the_part_away_takes_from_the_differences_of_scores(self, explainer):
        recommender = explainer.model.recommender
        histories = [explainer.history(f"u{n}") for n in range(20)]
        found = shares(recommender, histories)
        assert sum(found.values()) == pytest.approx(1.0)
        alone = {
            name: np.mean([np.std(recommender.config.weights[name] * part.scores([h])) for h in histories])
            for name, part in recommender.parts.items()
        }
        assert sorted(found, key=found.get) == sorted(alone, key=alone.get)
        assert found["ease"] / found["popularity"] == pytest.approx(alone["ease"] / alone["popularity"], rel=1e-4)

    def test_shares_are_unknown_and_not_made_up_where_there_is_nobody(self, empty, dataset, model):
        with empty.session() as session:
            catalogue.ingest(session, replace(dataset, behaviours=()), CleaningReport(), lambda _: None)
        found = parameters(Explainer(empty, model, Writer(PromptLibrary(), load_vocabulary)), Importance(), "en")
        assert {part.share for part in found.recommender.parts} == {None}


class TestApi:
    def test_it_is_made_of_the_model_that_recommends(self, client, explainer):
        found = client.get("/v1/parameters").json()
        assert found["version"] == explainer.model.version
        assert (found["learnt"]["items"], found["learnt"]["people"], found["learnt"]["later_items"]) == (60, 120, 0)
        parts = found["recommender"]["parts"]
        assert {part["name"]: part["weight"] for part in parts} == explainer.model.recommender.config.weights
        assert sum(part["share"] for part in parts) == pytest.approx(1.0)
        assert [part["share"] for part in parts] == sorted((part["share"] for part in parts), reverse=True)
        settings = {s["name"]: s["value"] for part in parts for s in part["settings"]}
        assert settings["regularization"] == 10.0
        assert found["signals"][0]["weight"] == 1.0
        assert "3.8 or more" in found["ratings"]
        assert found["history"] == []

    def test_every_role_may_read_it(self, explainer, database):
        with database.session() as session:
            keys = [create_key(session, role.value, role) for role in Role]
        with TestClient(create_app(explainer, queue=1)) as client:
            assert {client.get("/v1/parameters", headers={"X-API-Key": key}).status_code for key in keys} == {200}
            assert client.get("/v1/parameters").status_code == 401

    def test_items_that_came_later_are_told_of(self, explainer, database):
        with database.session() as session:
            key = create_key(session, "test")
        with TestClient(create_app(explainer, queue=1, parts=Parts(encoder=HashEncoder()))) as client:
            client.headers["X-API-Key"] = key
            client.put("/v1/items", json={"items": [{"id": "n1", "title": "New"}]})
            learnt = client.get("/v1/parameters").json()["learnt"]
        assert (learnt["items"], learnt["later_items"]) == (60, 1)
        assert learnt["words"][1].startswith("Items that came after that: 1.")

    def test_the_history_holds_every_version_that_explained_something(self, client, explainer, dataset, database):
        client.post("/v1/explanations", json={"user": "u1", "k": 1})
        later = fit(dataset, HashEncoder(), EaseConfig(regularization=77.0))
        Explainer(database, later, Writer(PromptLibrary(), load_vocabulary)).explain_top("u1", 1)
        found = client.get("/v1/parameters").json()
        newest, oldest = found["history"]
        assert (newest["version"], newest["in_use"]) == (later.version, False)
        assert "77" in newest["recommender"]["parts"][0]["settings"][2]["words"]
        assert (oldest["version"], oldest["in_use"]) == (explainer.model.version, True)
        assert oldest["recommender"] == found["recommender"]
        assert oldest["since"] < newest["since"]

    @pytest.mark.parametrize(
        "details", [{}, {"config": {"recommender": "oracle"}}, {"config": {"recommender": "ease", "x": 1}}]
    )
    def test_a_version_that_nobody_can_read_any_more_is_listed_all_the_same(self, client, database, details):
        with database.session() as session:
            note_model(session, "old", "recommender", "oracle", details)
        (old,) = client.get("/v1/parameters").json()["history"]
        assert (old["version"], old["recommender"]) == ("old", None)
        assert "on record" in old["words"]

    def test_writers_are_no_recommenders(self, client, database):
        client.post("/v1/explanations", json={"user": "u1", "k": 1})
        with database.session() as session:
            assert {row.kind for row in session.query(ModelVersionRow)} == {"recommender", "writer"}
        assert len(client.get("/v1/parameters").json()["history"]) == 1

    @pytest.mark.parametrize("locale", ["xx", "", "../en", "EN"])
    def test_an_unknown_language_is_refused_with_those_there_are(self, client, locale):
        answer = client.get("/v1/parameters", params={"locale": locale})
        assert answer.status_code == 406
        assert "known are en, zh" in answer.json()["detail"]

    def test_the_document_names_the_languages(self, client):
        operation = client.get("/schema/openapi.json").json()["paths"]["/v1/parameters"]["get"]
        assert "406" in operation["responses"]
        (locale,) = operation["parameters"]
        assert locale["schema"]["enum"] == list(LOCALES)


def test_a_described_config_survives_its_own_json(explainer):
    config = explainer.model.recommender.config
    again = msgspec.json.decode(msgspec.json.encode(config), type=AnyConfig)
    assert described(again, WORDS["en"], {}) == described(config, WORDS["en"], {})
