"""Whoever is erased learns of every recommender that was fitted with them, also of one that nobody has asked yet."""

from __future__ import annotations

import json

import pytest

from explainer.cli import steps
from explainer.service.subject.erase import Erasing, erase
from explainer.settings import Settings
from explainer.storage.database import Database
from retriever.store import load_model
from tests.integration.commands import run

pytestmark = pytest.mark.both


@pytest.fixture
def erased(home, home_database, monkeypatch):
    """Erases somebody of the home when called; returns the receipt."""
    monkeypatch.setenv("EXPLAINER_HOME", str(home))
    erasing = Erasing.of(Settings())
    return lambda user: erase(Database(home_database.url), erasing, user, "test")


def test_a_recommender_that_explained_nothing_yet_is_on_the_receipt(home, erased):
    assert erased("c1").refit == [load_model(home / "models").version]


def test_who_is_erased_while_it_is_fitted_is_not_in_what_is_saved(home, erased, monkeypatch):
    before = (home / "models" / "current").read_text()
    receipts = []

    def fit_meanwhile(*args):
        receipts.append(erased("c1"))
        return fitted(*args)

    fitted = steps.fit
    monkeypatch.setattr(steps, "fit", fit_meanwhile)
    config = home / "other.json"
    config.write_text(json.dumps({"recommender": "ease", "regularization": 3.0}))
    answer = run(home, "fit", "--config", str(config))
    assert answer.exit_code != 0
    assert "1 person was erased while the recommender was fitted" in answer.output
    assert "explainer fit" in answer.output
    assert (home / "models" / "current").read_text() == before
    monkeypatch.setattr(steps, "fit", fitted)
    answer = run(home, "fit", "--config", str(config))
    assert answer.exit_code == 0, answer.output
    assert erased("c2").refit[-1] == load_model(home / "models").version
    assert receipts[0].refit, "it names those from before"
