"""An explanation that is read says what made it: engine, base model and adapter, and so does every later text."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from explainer.storage.version_tables import ModelVersionRow
from tests.integration.test_upgrades import GOOD, Held, events, post, service

NOTHING = {"model": "", "adapter": ""}
HELD = {"engine": "held", "model": "m", "adapter": "a"}


@pytest.fixture
def engine():
    made = Held(GOOD)
    made.go.set()
    return made


def read(client, explanation):
    answer = client.get(f"/v1/explanations/{explanation['id']}")
    assert answer.status_code == 200
    return answer.json()


def details_of(database, version):
    """Return what is on record of a writer: its engine, and the hashes of what that works with."""
    with database.session() as session:
        row = session.scalars(select(ModelVersionRow).where(ModelVersionRow.version == version)).one()
        return {"engine": row.name, "model": row.details["model_hash"], "adapter": row.details["adapter_hash"]}


def test_a_text_of_the_models_names_engine_model_and_adapter(explainer, engine):
    with service(explainer, engine) as client:
        made = post(client, Prefer="wait=10")[0]
        shown = read(client, made)
    assert shown["source"] == "model"
    assert shown["made_by"] == made["made_by"] == HELD
    assert details_of(explainer.database, shown["versions"]["writer"]) == HELD


def test_where_there_are_templates_alone_no_model_is_named(client):
    shown = read(client, post(client)[0])
    assert shown["source"] == "template"
    assert shown["made_by"] == {"engine": "template"} | NOTHING


def test_a_template_that_stood_in_names_no_model_and_the_better_text_has_versions_of_its_own(explainer):
    engine = Held(GOOD)
    with service(explainer, engine) as client:
        (first,) = post(client)
        at_once = read(client, first)
        engine.go.set()
        events(client, first["id"])
        later = read(client, first)
    assert (at_once["source"], at_once["made_by"]) == ("template", {"engine": "template"} | NOTHING)
    assert later["versions"] == at_once["versions"], "those of the first text stay"
    (revision,) = later["revisions"]
    assert details_of(explainer.database, revision["writer"]) == HELD
