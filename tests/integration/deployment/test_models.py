"""The engine's servers: there, told of the adapter that they are asked for, and given what they load."""

from __future__ import annotations

import json
import re

from click.testing import CliRunner

from explainer.cli.main import main
from explainer.deployment.values import adapter_name
from explainer.files import file_hash
from explainer.loading import make_remotes
from explainer.paths import adapter_dir
from explainer.settings import Settings
from tests.integration.deployment.acting import containers, lines, written
from tests.integration.succession.acting import adapter


def test_the_servers_of_the_settings_are_there_and_have_the_adapter_that_is_asked_for(compose, services, objects):
    name = adapter_name(adapter_dir("en"))
    assert name == f"explainer-{file_hash(adapter_dir('en') / 'adapter_model.safetensors')[:12]}"
    rank = json.loads((adapter_dir("en") / "adapter_config.json").read_text())["r"]
    there = {
        "compose": (services["vllm-1"]["command"], lines(compose / "explainer.env")),
        "kubernetes": (
            containers(objects["StatefulSet", "vllm"]["spec"]["template"])[-1]["args"],
            objects["ConfigMap", "explainer"]["data"],
        ),
    }
    for command, environment in there.values():
        assert environment["EXPLAINER_OPENAI_MODEL"] == "explainer-{adapter}"
        assert f"--lora-modules={name}=/models/{name}" in command
        assert {"--enable-lora", f"--max-lora-rank={rank}"} <= set(command)
        (port,) = (word.split("=")[1] for word in command if word.startswith("--port="))
        assert re.findall(r":(\d+)/v1", environment["EXPLAINER_OPENAI_URL"]) == [port, port]
    for host in re.findall(r"http://([\w.-]+):", there["compose"][1]["EXPLAINER_OPENAI_URL"]):
        assert host in services
    for host in re.findall(r"http://([\w.-]+):", there["kubernetes"][1]["EXPLAINER_OPENAI_URL"]):
        number, service = host.removeprefix("vllm-").split(".")
        assert int(number) < objects["StatefulSet", "vllm"]["spec"]["replicas"]
        assert ("Service", service) in objects


def test_before_anything_is_promoted_the_servers_are_asked_for_the_adapter_that_they_were_started_with(
    compose, objects, services, database
):
    (told,) = (word for word in services["vllm-1"]["command"] if word.startswith("--lora-modules="))
    for environment in (lines(compose / "explainer.env"), objects["ConfigMap", "explainer"]["data"]):
        settings = Settings(
            _env_file=None,
            database_url=database.url,
            openai_url=environment["EXPLAINER_OPENAI_URL"],
            openai_model=environment["EXPLAINER_OPENAI_MODEL"],
        )
        assert {f"--lora-modules={one.model}=/models/{one.model}" for one in make_remotes(settings)} == {told}


def test_another_adapter_than_the_shipped_one_is_asked_for_by_its_name(tmp_path, monkeypatch):
    made, version = adapter(tmp_path / "adapter", 1)
    monkeypatch.setenv("EXPLAINER_ADAPTER", str(made))
    environment = lines(written(tmp_path / "compose", "compose") / "explainer.env")
    assert environment["EXPLAINER_OPENAI_MODEL"] == f"explainer-{version[:12]}"


def test_models_are_what_the_servers_are_told_to_load(tmp_path, monkeypatch):
    base = tmp_path / "plain"
    base.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"):
        (base / name).write_text(name)
    monkeypatch.setenv("EXPLAINER_BASE_MODEL", str(base))
    target = tmp_path / "models"
    target.mkdir()
    for _ in range(2):  # what is there stays
        run = CliRunner().invoke(main, ["deployment", str(target), "--kind", "models"])
        assert run.exit_code == 0, run.output
    name = adapter_name(adapter_dir("en"))
    assert {path.name for path in target.iterdir()} == {"base", name}
    assert (target / "base" / "chat_template.jinja").read_text() == "chat_template.jinja"
    assert file_hash(target / name / "adapter_model.safetensors").startswith(name.removeprefix("explainer-"))
    monkeypatch.setenv("EXPLAINER_BASE_MODEL", "some/model-on-the-hub")
    run = CliRunner().invoke(main, ["deployment", str(tmp_path / "x"), "--kind", "models"])
    assert run.exit_code == 1
    assert "vLLM" in run.output
