"""What ``explainer deployment`` writes, once for all who look at it."""

from __future__ import annotations

import pytest
import yaml

from tests.integration.deployment.acting import written


@pytest.fixture(scope="package")
def compose(tmp_path_factory):
    return written(tmp_path_factory.mktemp("deployment") / "compose", "compose")


@pytest.fixture(scope="package")
def kubernetes(tmp_path_factory):
    return written(tmp_path_factory.mktemp("deployment") / "kubernetes", "kubernetes")


@pytest.fixture(scope="package")
def systemd(tmp_path_factory):
    return written(tmp_path_factory.mktemp("deployment") / "systemd", "systemd")


@pytest.fixture(scope="package")
def services(compose):
    return yaml.safe_load((compose / "compose.yaml").read_text())["services"]


@pytest.fixture(scope="package")
def objects(kubernetes):
    """Every object of every file, by kind and name."""
    files = (path for path in kubernetes.glob("*.yaml") if path.name != "kustomization.yaml")
    found = [one for path in files for one in yaml.safe_load_all(path.read_text())]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}
