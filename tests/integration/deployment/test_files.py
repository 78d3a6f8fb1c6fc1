"""The files: secrets that are ours alone, nothing overwritten, an image of what a wheel is built of."""

from __future__ import annotations

import re
import shutil
import stat
import sys
from pathlib import Path

from click.testing import CliRunner

from explainer.audit.keys import load_signer
from explainer.cli.main import main
from explainer.service.subject.codes import ErasureKey
from tests.integration.deployment.acting import lines, ran

ROOT = Path(__file__).resolve().parents[3]


def test_secrets_are_ours_alone_new_each_time_and_the_same_wherever_they_stand(compose, kubernetes, objects, tmp_path):
    ours, stored = lines(compose / "explainer.env"), lines(compose / "postgres.env")
    assert f":{stored['SERVICE_PASSWORD']}@postgres:" in ours["EXPLAINER_DATABASE_URL"]
    owner = lines(compose / "owner.env")
    assert f":{stored['POSTGRES_PASSWORD']}@postgres:" in owner["EXPLAINER_DATABASE_URL"]
    assert lines(compose / "vllm.env")["VLLM_API_KEY"] == ours["EXPLAINER_OPENAI_KEY"]
    told = objects["Secret", "explainer"]["stringData"]
    stored = objects["Secret", "postgres"]["stringData"]
    assert f":{stored['SERVICE_PASSWORD']}@" in told["EXPLAINER_DATABASE_URL"]
    owner = objects["Secret", "explainer-owner"]["stringData"]
    assert f":{stored['POSTGRES_PASSWORD']}@" in owner["EXPLAINER_DATABASE_URL"]
    assert objects["Secret", "vllm"]["stringData"]["VLLM_API_KEY"] == told["EXPLAINER_OPENAI_KEY"]
    assert told["EXPLAINER_OPENAI_KEY"] != ours["EXPLAINER_OPENAI_KEY"]
    for name, key in objects["Secret", "explainer-keys"]["stringData"].items():
        (tmp_path / name).write_text(key)
    for folder in (compose / "secrets", tmp_path):
        assert load_signer(folder / "audit.key").verifier
        assert len(ErasureKey.load(folder / "erasure.key").secret) == 32
    private = [
        compose / "explainer.env",
        compose / "owner.env",
        compose / "postgres.env",
        compose / "secrets/audit.key",
        kubernetes / "secrets.yaml",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_nothing_is_overwritten(compose):
    before = (compose / "explainer.env").read_text()
    run = CliRunner().invoke(main, ["deployment", str(compose)])
    assert run.exit_code == 1
    assert "explainer.env" in re.sub(r"[│\s]", "", run.output)
    assert (compose / "explainer.env").read_text() == before


def test_the_image_gets_what_a_wheel_is_built_of_and_no_more(compose, tmp_path):
    allowed = re.findall(r"^!(.+)$", (compose / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    for name in allowed:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    for needed in ("requirements/lock.txt", "requirements/assets.txt", "requirements/dev.txt"):
        assert (tmp_path / needed).is_file()
    done = ran(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "dist").glob("*.whl"))
