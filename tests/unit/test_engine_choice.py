"""Which engine a machine gets by default, without loading one to find out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from explainer.errors import AssetError
from explainer.loading import make_engine
from explainer.settings import Settings
from explainer.writing.engines import choice


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with one NVIDIA device and a torch that can use it."""
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(choice, "_DEVICES", tmp_path)
    monkeypatch.setattr(choice, "version", lambda _: "2.13.0")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


def test_a_gpu_is_for_transformers(machine):
    assert choice.best_engine("smollm2") == "transformers"


def test_without_a_gpu_it_is_openvino(machine):
    (machine / "nvidia0").unlink()
    (machine / "nvidiactl").touch()  # a driver without a device
    assert choice.best_engine("smollm2") == "openvino"


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_hidden_gpu_counts_for_none(machine, monkeypatch, hidden):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert choice.best_engine("smollm2") == "openvino"


def test_a_torch_for_cpus_alone_has_no_use_for_a_gpu(machine, monkeypatch):
    monkeypatch.setattr(choice, "version", lambda _: "2.13.0+cpu")
    assert choice.best_engine("smollm2") == "openvino"


def test_a_base_that_is_no_file_is_for_transformers(tmp_path, monkeypatch):
    monkeypatch.setattr(choice, "_DEVICES", tmp_path)
    assert choice.best_engine(str(tmp_path)) == choice.best_engine("some/model-on-the-hub") == "transformers"


def test_a_missing_base_and_an_engine_that_cannot_have_it_are_clear_errors(tmp_path):
    with pytest.raises(AssetError, match="no model file"):
        make_engine(Settings(home=tmp_path, base_model=str(tmp_path / "x.gguf")))
    with pytest.raises(AssetError, match="EXPLAINER_ENGINE=transformers"):
        make_engine(Settings(home=tmp_path, base_model=str(tmp_path), engine="openvino"))


def test_choosing_loads_no_engine():
    code = (
        "import sys; from explainer.loading import make_engine; from explainer.writing.engines.choice import *;"
        "best_engine('smollm2'); print([m for m in ('torch', 'transformers', 'openvino') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
