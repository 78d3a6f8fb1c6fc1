"""Packages as auditors get them: by a download and by a command."""

from __future__ import annotations

import io
import zipfile

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.cli import main
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from tests.integration.package.acting import KEY, lines
from tests.integration.problems import problem_of


@pytest.fixture
def auditor(explainer, database, packer):
    with database.session() as session:
        key = create_key(session, "auditor", Role.AUDITOR)
    with TestClient(create_app(explainer, queue=4, parts=Parts(packer=packer))) as made:
        made.headers["X-API-Key"] = key
        yield made


def test_a_package_can_be_downloaded_and_the_look_is_in_it(auditor, rows, tmp_path):
    answer = auditor.get("/v1/audit/package", params={"seed": "s", "n": 5, "user": "u1"})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as held:
        assert held.testzip() is None
        held.extractall(tmp_path / "here")
    found = check_package(tmp_path / "here" / "package", KEY)
    assert found.manifest.sample.found == 6
    assert (found.manifest.explanations, found.manifest.search.user) == (5, "u1")
    views = lines(tmp_path / "here" / "package")[0]["views"]
    assert views == [], "a download is a look at a user's record, not at one explanation"
    problem_of(auditor.get("/v1/audit/package", params={"n": 0}), 400)
    problem_of(auditor.get("/v1/audit/package", params={"since": "2026-02-01", "until": "2026-01-01"}), 400)


def test_the_command_makes_and_checks_one(explainer, database, rows, tmp_path):
    home = ["--home", str(tmp_path / "home")]
    environment = {"EXPLAINER_DATABASE_URL": database.url}
    out = str(tmp_path / "out")

    def run(*arguments):
        found = CliRunner().invoke(main, [*home, "audit", *arguments], env=environment)
        return found.exit_code, " ".join(found.output.split())

    made = run("package", out, "--from", "2020-01-01", "--user", "u1", "--seed", "s", "--sample", "2")
    assert made[0] == 0, made
    assert "2 explanations, drawn of 6" in made[1]
    assert "personal data" in made[1]
    key = run("key")[1]
    code, told = run("package-check", out, "--key", key)
    assert (code, "Whole: 2 explanations" in told) == (0, True), told
    assert run("package-check", out, "--key", str(KEY))[0] == 2
    (tmp_path / "out" / names.RECORDS).unlink()
    code, told = run("package-check", out, "--key", key)
    assert (code, "'records.jsonl' is missing" in told) == (16, True)
    assert run("package", str(tmp_path / "b"), "--seed", "s")[0] == 2
