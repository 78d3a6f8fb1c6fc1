"""``explainer pregenerate`` as a person uses it."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.keys import make_signer
from explainer.cli import main
from explainer.errors import NotReadyError
from explainer.service.pregenerate.stages import Stages
from explainer.storage.explanation_tables import ExplanationRow
from tests.homes import make_home


@pytest.fixture
def home(tmp_path, dataset, model):
    made = make_home(tmp_path, dataset, model)
    made.engine.dispose()
    return tmp_path


def run(home, *words):
    found = CliRunner().invoke(main, ["--home", str(home), "pregenerate", *words], env={"EXPLAINER_ENGINE": "none"})
    return found.exit_code, " ".join(found.output.split())


def stored(home):
    from explainer.storage.database import Database

    database = Database(f"sqlite:///{home / 'explainer.db'}")
    with database.session() as session:
        number = session.scalar(select(func.count()).select_from(ExplanationRow))
    database.engine.dispose()
    return number


def test_it_writes_for_a_list_a_file_and_all_and_says_what_it_cost(home, tmp_path):
    assert run(home, "--users", "u1, u2,u1", "--k", "3", "--processes", "1")[0] == 0
    assert stored(home) == 6
    (tmp_path / "users").write_text("u2\nu3\n\n")
    status, said = run(home, "--users", f"@{tmp_path / 'users'}", "--k", "3", "--processes", "1", "--price", "36")
    assert (status, stored(home)) == (0, 9)
    assert "2 users, 6 explanations" in said
    assert "were there, and still hold │ 3" in said
    assert "price of 1,000" in said
    out = tmp_path / "figures.json"
    status, said = run(home, "--users", "all", "--k", "1", "--processes", "1", "--json", str(out))
    figures = json.loads(out.read_text())
    assert (status, figures["users"], figures["pairs"], figures["by_template"]) == (0, 120, 120, 120)
    assert figures["failed"] == 0
    assert figures["cpu_s_per_1000"] > 0
    assert figures["price_per_1000"] is None


def test_what_it_writes_is_signed_where_there_is_a_key_and_no_key_is_made(home):
    assert run(home, "--users", "u1", "--k", "2", "--processes", "1")[0] == 0
    folder = CheckpointFolder(home / "checkpoints")
    assert (folder.newest(), (home / "audit.key").exists()) == (0, False)
    make_signer(home / "audit.key", folder)
    assert run(home, "--users", "u2", "--k", "2", "--processes", "1")[0] == 0
    assert folder.newest() >= stored(home) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Give --users or --retry"),
        (("--users", "u1", "--retry"), "Give --users or --retry"),
        (("--users", " , "), "names no users"),
        (("--users", "@nowhere"), "nowhere cannot be read"),
        (("--users", "u1", "--engine", "quill"), "quill"),
    ],
)
def test_what_it_cannot_use_is_said_so(home, words, told):
    status, said = run(home, *words)
    assert (status, stored(home)) == (2, 0)
    assert told in said


def test_without_ray_it_says_how_to_install_it(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.data", None)
    status, said = run(home, "--users", "u1", "--runner", "ray")
    assert status == 1
    assert "pip install 'recommended-because[ray]'" in said


def test_what_failed_is_listed_with_its_reason_and_retried(home, monkeypatch):
    prepared = Stages._prepared

    def broken(self, user, failed):
        if user == "u2":
            raise NotReadyError("a history [of] its own")
        return prepared(self, user, failed)

    monkeypatch.setattr(Stages, "_prepared", broken)
    status, said = run(home, "--users", "u1,u2", "--k", "2", "--processes", "1")
    assert (status, stored(home)) == (1, 2)
    assert "Not written (prepare): u2: NotReadyError: a history [of] its own" in said
    status, said = run(home, "--dead-letters")
    assert status == 0
    assert "u2" in said
    assert "whole" in said
    monkeypatch.undo()
    assert run(home, "--retry", "--k", "2", "--processes", "1")[0] == 0
    assert stored(home) == 4
    assert run(home, "--dead-letters") == (0, "Nothing failed.")
    assert run(home, "--retry", "--processes", "1")[0] == 0
