"""What ``explainer deployment`` writes is valid for its own linters."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import kubernetes_validate
import pytest

from tests.integration.deployment.acting import ran

BIN = Path(sys.executable).parent
OLDEST, NEWEST = "1.29", "1.37"


def test_compose_is_valid_for_its_schema(compose):
    done = ran(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", compose / "compose.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(
    shutil.which("hadolint") is None, reason="hadolint (GPL-3.0, so nothing of ours installs it) is not here"
)
def test_the_image_is_valid_for_hadolint(compose):
    done = ran("hadolint", compose / "Dockerfile")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_is_valid_for_the_oldest_kubernetes_that_we_name_and_the_newest(objects, version):
    assert len(objects) > 20
    for one in objects.values():
        kubernetes_validate.validate(one, version, strict=True)


def test_the_linters_find_mistakes(objects, compose, tmp_path):
    bad = json.loads(json.dumps(objects["Deployment", "explainer-api"]))
    bad["spec"]["strategy"]["rollingUpdate"]["maxUnavailabel"] = 0
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(bad, NEWEST, strict=True)
    (tmp_path / "compose.yaml").write_text((compose / "compose.yaml").read_text().replace("healthcheck:", "healthy:"))
    done = ran(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yaml")
    assert done.returncode == 1


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_units_are_valid_for_systemd(systemd, tmp_path):
    units = ("explainer-migrate", "explainer", "explainer-worker@", "explainer-retention")
    for name in (f"{unit}.service" for unit in units):
        text = (systemd / name).read_text().replace("/opt/explainer/bin/explainer", sys.executable)
        unit = tmp_path / name.replace("@", "@1")
        unit.write_text(text)
        done = ran("systemd-analyze", "verify", unit)
        assert name.split(".")[0].split("@")[0] not in done.stderr, done.stderr
