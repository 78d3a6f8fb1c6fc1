"""A home with three adapters of a base model that is only ever hashed."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from explainer.writing.engines.weights import weights_hash
from tests.integration.adapters.acting import make_adapter
from tests.integration.commands import run
from tests.integration.test_tuning import base as llama  # noqa: F401  a fixture


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A base model that is only ever hashed."""
    monkeypatch.delenv("EXPLAINER_ADAPTER", raising=False)
    folder = tmp_path / "base"
    folder.mkdir()
    save_file({"w": np.ones(3, dtype=np.float32)}, folder / "model.safetensors")
    monkeypatch.setenv("EXPLAINER_BASE_MODEL", str(folder))
    return weights_hash(folder)


@pytest.fixture
def home(tmp_path, base):
    assert run(tmp_path / "home", "migrate").exit_code == 0
    return tmp_path / "home"


@pytest.fixture
def make(tmp_path, base):
    def made(name, number=0.0, **card):
        return make_adapter(tmp_path / name, base, number, **card)

    return made


@pytest.fixture
def three(home, make):
    made = [make(name, number) for number, name in enumerate("abc")]
    for folder, _ in made:
        result = run(home, "adapters", "add", str(folder))
        assert result.exit_code == 0, result.output
    return [version for _, version in made]
