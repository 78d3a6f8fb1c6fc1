"""Engines that are loaded from files: without torch, and with clear errors where a file is none or memory is short."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.errors import AssetError
from explainer.writing.engines.base_file import base_gguf
from explainer.writing.engines.gguf_header import read_header
from explainer.writing.engines.openvino_genai import OpenVinoEngine
from explainer.writing.engines.transformers_peft import TransformersEngine

TORCH_FREE = """
import sys
from pathlib import Path
from explainer.loading import make_engine
from explainer.settings import Settings
from explainer.server.app import create_app
from explainer.writing.engines import Sampling
from explainer.writing.prompts import Prompt
engine = make_engine(Settings(home=Path(sys.argv[1])))
assert engine.name == "openvino", engine.name
assert engine.write([Prompt("Be brief.", "Say hello.", "v")], Sampling(max_new_tokens=3))[0].text
print([name for name in ("torch", "transformers", "openvino_telemetry") if sys.modules.get(name)])
"""


def test_the_openvino_engine_writes_without_torch_and_without_telemetry(merged, tmp_path):
    home, person = tmp_path / "home", tmp_path / "person"
    person.mkdir()
    (home / "cache").mkdir(parents=True)
    (home / "cache" / merged.name).symlink_to(merged)
    answer = subprocess.run(
        [sys.executable, "-c", TORCH_FREE, str(home)],
        env={**os.environ, "HOME": str(person), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"
    assert not list(person.iterdir()), "an id for analytics was left in the home"


FREEING = """
import gc, os, signal, sys, threading
from pathlib import Path
from explainer.writing.engines.openvino_genai import OpenVinoEngine
heard = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: heard.set())
engines = [OpenVinoEngine(Path(sys.argv[1]))]
freeing = threading.Thread(target=lambda: (engines.clear(), gc.collect()))
freeing.start()
freeing.join()
os.kill(os.getpid(), signal.SIGTERM)
assert heard.wait(30)
"""


def test_a_process_hears_signals_after_an_engine_was_freed_in_another_thread(merged):
    run = subprocess.run([sys.executable, "-c", FREEING, str(merged)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.001, 0.01, 0.013, 0.5, 0.999999])
def test_a_merged_file_that_was_cut_off_is_a_clear_error(merged, tmp_path, share):
    data = merged.read_bytes()
    (tmp_path / "short.gguf").write_bytes(data[: int(share * len(data))])
    with pytest.raises(AssetError, match=r"short\.gguf .*(?s:.*)export anew"):
        OpenVinoEngine(tmp_path / "short.gguf")


def test_other_files_are_clear_errors(tmp_path):
    with pytest.raises(AssetError, match="explainer export"):
        OpenVinoEngine(tmp_path / "none.gguf")
    (tmp_path / "text.gguf").write_text("GGUF it is not, though it says so" * 9)
    with pytest.raises(AssetError, match="no GGUF file"):
        OpenVinoEngine(tmp_path / "text.gguf")
    with pytest.raises(AssetError, match="does not say what it was made of"):
        OpenVinoEngine(base_gguf("smollm2"))


@given(st.binary(max_size=400))
def test_no_header_ends_in_anything_but_a_clear_error(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.gguf")
        for begin in (b"", b"GGUF\x03\x00\x00\x00"):
            path.write_bytes(begin + data)
            with pytest.raises(AssetError):
                read_header(path)


TOO_LITTLE = """
import resource, sys
from pathlib import Path
from explainer.errors import AssetError, EngineUnavailable
from explainer.writing.engines.openvino_genai import OpenVinoEngine
from explainer.writing.engines.openvino_library import genai
genai()
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000, used + 300_000_000))
try:
    OpenVinoEngine(Path(sys.argv[1]))
except AssetError as error:
    print(error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited in Linux's way")
def test_too_little_memory_is_a_clear_error(merged):
    answer = subprocess.run(
        [sys.executable, "-c", TOO_LITTLE, str(merged)], capture_output=True, text=True, check=False
    )
    assert "free about four times the file's size" in answer.stdout, answer.stderr


def test_a_missing_adapter_and_a_missing_base_are_clear_errors(tmp_path):
    with pytest.raises(AssetError, match="explainer tune"):
        TransformersEngine("smollm2", tmp_path, tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(AssetError, match=r"no model file at .*x\.gguf"):
        TransformersEngine(str(tmp_path / "x.gguf"), tmp_path, tmp_path)
    with pytest.raises(AssetError, match="cannot be loaded"):
        TransformersEngine("no-such/model-anywhere", tmp_path, tmp_path)
