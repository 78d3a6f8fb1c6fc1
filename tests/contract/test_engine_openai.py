"""The contract of a writing engine, kept over HTTP: `transformers serve` with our adapter merged into its model."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from explainer.paths import adapter_dir
from explainer.settings import Settings
from explainer.writing.engines import Sampling
from explainer.writing.engines.openai_compatible import OpenAIEngine
from explainer.writing.engines.remote import Remote
from tests.contract.engines import EngineContract

_READY_S = 180
_SAMPLING = Sampling()


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """A folder with base and adapter in one, as a pool would be given it; it samples unless told not to."""
    import torch
    from peft import PeftModel
    from transformers import GenerationConfig

    from explainer.writing.engines.base_model import load_base

    folder = tmp_path_factory.mktemp("merged")
    model, tokenizer = load_base("smollm2", Settings().cache, "cpu")
    model = PeftModel.from_pretrained(model.float(), str(adapter_dir("en"))).merge_and_unload().to(torch.bfloat16)
    model.generation_config = GenerationConfig(
        do_sample=True, top_k=_SAMPLING.top_k, bos_token_id=1, eos_token_id=2, pad_token_id=2
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def served(merged, tmp_path_factory):
    """The base URL of a running `transformers serve`."""
    port = free_port()
    log = (tmp_path_factory.mktemp("log") / "serve.txt").open("w+")
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(merged), "--device", "cpu"]
    environment = os.environ | {"HF_HOME": str(tmp_path_factory.mktemp("hf")), "OMP_NUM_THREADS": "2"}
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], env=environment, stdout=log, stderr=log
    )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def _wait_until_healthy(url, server, log):
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        try:
            if httpx2.get(url, timeout=2).is_success:
                return
        except httpx2.TransportError:
            pass
        try:
            server.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
        break
    log.seek(0)
    pytest.fail(f"transformers serve did not get ready: {log.read()[-3000:]}")


class TestOpenAI(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, served, merged):
        # One at a time: `transformers serve` has one stream of random numbers for all its requests.
        return OpenAIEngine(Remote(served, str(merged), timeout_s=120, concurrency=1), deadline_s=500)


def test_a_real_server_that_does_not_know_the_model_is_an_outage_not_a_traceback(served):
    from explainer.errors import EngineUnavailable
    from explainer.writing.prompts import Prompt

    engine = OpenAIEngine(Remote(served, "no-such/model", timeout_s=120))
    with pytest.raises(EngineUnavailable, match="status 400"):
        engine.write([Prompt("s", "u", "v")], Sampling())
