"""What ``explainer deployment`` writes: valid for its own linters, of one mind with the service and with itself."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner

from explainer.audit.keys import load_signer
from explainer.cli.main import main
from explainer.deployment.values import adapter_name
from explainer.files import file_hash
from explainer.loading import make_remotes
from explainer.paths import adapter_dir
from explainer.server import workers
from explainer.service.subject.codes import ErasureKey
from explainer.settings import Settings
from tests.integration.succession.acting import adapter

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
OLDEST, NEWEST = "1.29", "1.37"
COMMANDS = main.commands.keys()


def written(folder, kind):
    run = CliRunner().invoke(main, ["deployment", str(folder), "--kind", kind])
    assert run.exit_code == 0, run.output
    assert sorted(map(Path, run.output.split())) == sorted(path for path in folder.rglob("*") if path.is_file())
    return folder


@pytest.fixture(scope="module")
def compose(tmp_path_factory):
    return written(tmp_path_factory.mktemp("deployment") / "compose", "compose")


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory):
    return written(tmp_path_factory.mktemp("deployment") / "kubernetes", "kubernetes")


@pytest.fixture(scope="module")
def systemd(tmp_path_factory):
    return written(tmp_path_factory.mktemp("deployment") / "systemd", "systemd")


@pytest.fixture(scope="module")
def services(compose):
    return yaml.safe_load((compose / "compose.yaml").read_text())["services"]


@pytest.fixture(scope="module")
def objects(kubernetes):
    """Every object of every file, by kind and name."""
    files = (path for path in kubernetes.glob("*.yaml") if path.name != "kustomization.yaml")
    found = [one for path in files for one in yaml.safe_load_all(path.read_text())]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def pods(objects):
    """The pods of every object that makes some, by kind and name."""
    made = {key: one["spec"]["template"] for key, one in objects.items() if "template" in one.get("spec", {})}
    return made | {key: one for key, one in objects.items() if key[0] == "Pod"}


def containers(pod):
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def ran(*command, **options):
    """Run a program; whoever calls looks at how it ended."""
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def lines(path):
    found = (line.partition("=") for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in found}


# Their own linters


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
    for name in ("explainer.service", "explainer-worker@.service"):
        text = (systemd / name).read_text().replace("/opt/explainer/bin/explainer", sys.executable)
        unit = tmp_path / name.replace("@", "@1")
        unit.write_text(text)
        done = ran("systemd-analyze", "verify", unit)
        assert name.split(".")[0].split("@")[0] not in done.stderr, done.stderr


# The service


def test_every_variable_of_ours_is_a_setting(compose, kubernetes, systemd):
    for folder in (compose, kubernetes, systemd):
        for path in folder.rglob("*"):
            if path.is_file():
                named = set(re.findall(r"EXPLAINER_[A-Z_]*[A-Z]", path.read_text()))
                assert {name.removeprefix("EXPLAINER_").lower() for name in named} <= Settings.model_fields.keys(), path


def environments(compose, systemd, objects):
    config, secret = objects["ConfigMap", "explainer"]["data"], objects["Secret", "explainer"]["stringData"]
    return lines(compose / "explainer.env"), lines(systemd / "explainer.env"), config | secret


def test_the_settings_can_be_used(compose, systemd, objects, monkeypatch):
    for environment in environments(compose, systemd, objects):
        with monkeypatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            settings = Settings(_env_file=None)
            assert settings.url.startswith("postgresql+pg8000://")
            if settings.engine == "openai":
                remotes = make_remotes(settings, adapter_dir("en"))
                assert len(remotes) == 2
                assert settings.batch == sum(remote.concurrency for remote in remotes)


def test_the_database_has_a_connection_for_everybody_who_may_want_one(compose, services, objects):
    def wanted(names, processes):
        in_pools = 2 * (int(names["EXPLAINER_POOL_SIZE"]) + int(names["EXPLAINER_POOL_OVERFLOW"]))
        return (in_pools + 1) * processes  # and one on which the database tells of what is awaited

    def given(words):
        most = int(re.search(r"max_connections=(\d+)", " ".join(words))[1])
        return most - 3  # superuser_reserved_connections

    on_one = sum(services[name]["deploy"]["replicas"] for name in ("api", "worker"))
    assert wanted(lines(compose / "explainer.env"), on_one) <= given(services["postgres"]["command"])
    most = objects["HorizontalPodAutoscaler", "explainer-api"]["spec"]["maxReplicas"]
    most += objects["Deployment", "explainer-worker"]["spec"]["replicas"]
    (postgres,) = pods(objects)["StatefulSet", "postgres"]["spec"]["containers"]
    assert wanted(objects["ConfigMap", "explainer"]["data"], most) <= given(postgres["args"])


def test_every_command_is_one_of_ours(compose, kubernetes, systemd, services, objects):
    ours = [services[name]["command"] for name in ("migrate", "models", "api", "worker")]
    ours += [
        container["args"]
        for pod in pods(objects).values()
        for container in containers(pod)
        if container["image"].startswith("recommended-because:") and "args" in container
    ]
    for path in systemd.glob("*.service"):
        ours += [shlex.split(line)[1:] for line in re.findall(r"^Exec\w+=(.+)$", path.read_text(), re.MULTILINE)]
    ours += [
        shlex.split(text)
        for text in re.findall(r'^CMD \["(\w+)"\]', (compose / "Dockerfile").read_text(), re.MULTILINE)
    ]
    for path in (compose / "README.md", kubernetes / "README.md"):
        told = re.findall(
            r"(?:-- explainer|api explainer|`explainer|--rm(?: --volume \S+)? api) (\w+)", path.read_text()
        )
        ours += [[word] for word in told]
    assert {words[0] for words in ours} >= {
        "serve",
        "worker",
        "migrate",
        "deployment",
        "ingest",
        "fit",
        "key",
        "engines",
    }
    for words in ours:
        assert words[0] in COMMANDS, words
        command = main.commands.get(words[0])
        known = {option for param in getattr(command, "params", ()) for option in param.opts} | {"--port"}
        assert {word for word in words[1:] if str(word).startswith("--")} <= known, words


def test_every_probe_asks_what_the_service_answers(objects, services, client):
    asked = {
        container[probe]["httpGet"]["path"]
        for key, pod in pods(objects).items()
        if key[1].startswith("explainer") and key[1] != "explainer-worker"
        for container in containers(pod)
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
        if "httpGet" in container.get(probe, {})
    }
    asked |= set(re.findall(r"http://127\.0\.0\.1:8000(/\S+)'", " ".join(services["api"]["healthcheck"]["test"])))
    assert asked == {"/health/live", "/health/ready"}
    document = client.get("/schema/openapi.json").json()
    for path in asked:
        assert path in document["paths"]
        answer = client.get(path, headers={"X-API-Key": "", "Authorization": ""})
        assert answer.status_code == 200, answer.text


def test_whoever_serves_has_time_to_answer(objects, services, systemd):
    least = Settings(_env_file=None).deadline_s + workers._GRACE_S
    for name in ("explainer-api", "explainer-worker"):
        pod = objects["Deployment", name]["spec"]["template"]
        stop = containers(pod)[0].get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
        assert pod["spec"]["terminationGracePeriodSeconds"] >= least + int(stop[1])
    assert int(services["api"]["stop_grace_period"].removesuffix("s")) >= least
    assert int(re.search(r"TimeoutStopSec=(\d+)", (systemd / "explainer.service").read_text())[1]) >= least


def test_a_deployment_is_replaced_without_a_gap_and_nothing_of_ours_is_root(objects):
    for (kind, name), one in objects.items():
        if kind == "Deployment":
            assert one["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        if kind in {"Deployment", "Job", "Pod"}:
            pod = one if kind == "Pod" else one["spec"]["template"]
            assert pod["spec"]["securityContext"]["runAsNonRoot"], name
            assert pod["spec"]["automountServiceAccountToken"] is False
    for pod in pods(objects).values():
        for container in containers(pod):
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


# Themselves


def selected(objects, labels):
    found = (pod["metadata"]["labels"] for pod in pods(objects).values())
    return [one for one in found if labels.items() <= one.items()]


def test_whoever_selects_pods_finds_some(objects):
    for (kind, name), one in objects.items():
        spec = one.get("spec", {})
        selectors = [spec["selector"]] if kind == "Service" else []
        selectors += [spec["selector"]["matchLabels"]] if kind in {"Deployment", "StatefulSet"} else []
        if kind == "PodDisruptionBudget":
            selectors.append(spec["selector"]["matchLabels"])
        if kind == "NetworkPolicy":
            selectors.append(spec["podSelector"]["matchLabels"])
            peers = [peer for way in ("ingress", "egress") for rule in spec.get(way, []) for peer in _peers(rule)]
            selectors += [peer["podSelector"]["matchLabels"] for peer in peers]
        for labels in selectors:
            assert selected(objects, labels), (kind, name)
        if kind == "HorizontalPodAutoscaler":
            assert ("Deployment", spec["scaleTargetRef"]["name"]) in objects


def _peers(rule):
    return [*rule.get("from", []), *rule.get("to", [])]


def test_whatever_is_named_is_there(objects, kubernetes):
    for pod in pods(objects).values():
        spec, volumes = pod["spec"], {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in objects
            if "secret" in volume:
                assert ("Secret", volume["secret"]["secretName"]) in objects
        for container in containers(pod):
            own = {one["metadata"]["name"] for one in _claims(objects, pod)}
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes.keys() | own
            for source in container.get("envFrom", []):
                ((how, where),) = source.items()
                assert ({"configMapRef": "ConfigMap", "secretRef": "Secret"}[how], where["name"]) in objects
            for variable in container.get("env", []):
                if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                    assert reference["key"] in objects["Secret", reference["name"]]["stringData"]
        assert spec["containers"]
    listed = yaml.safe_load((kubernetes / "kustomization.yaml").read_text())["resources"]
    files = {path.name for path in kubernetes.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(listed) == files - {"setup.yaml"}


def _claims(objects, pod):
    sets = (one for one in objects.values() if one["kind"] == "StatefulSet" and one["spec"]["template"] is pod)
    return [claim for one in sets for claim in one["spec"].get("volumeClaimTemplates", [])]


def test_ports_agree(compose, services, objects):
    image = (compose / "Dockerfile").read_text()
    port = int(re.search(r"EXPLAINER_PORT=(\d+)", image)[1])
    assert f"EXPOSE {port}\n" in image
    assert services["api"]["ports"] == [f"127.0.0.1:{port}-{port + services['api']['deploy']['replicas'] - 1}:{port}"]
    ports = {
        port["name"]: port["containerPort"]
        for pod in pods(objects).values()
        for container in containers(pod)
        for port in container.get("ports", [])
    }
    api = containers(objects["Deployment", "explainer-api"]["spec"]["template"])[0]
    assert api["ports"] == [{"name": "http", "containerPort": port}]
    worker = containers(objects["Deployment", "explainer-worker"]["spec"]["template"])[0]
    assert worker["args"][worker["args"].index("--port") + 1] == str(worker["ports"][0]["containerPort"])
    assert worker["readinessProbe"]["httpGet"] == {"path": "/metrics", "port": worker["ports"][0]["name"]}
    for (kind, _), one in objects.items():
        for served in one["spec"]["ports"] if kind == "Service" else []:
            assert served["targetPort"] in ports


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


def test_secrets_are_ours_alone_new_each_time_and_the_same_wherever_they_stand(compose, kubernetes, objects, tmp_path):
    ours, stored = lines(compose / "explainer.env"), lines(compose / "postgres.env")
    assert f":{stored['POSTGRES_PASSWORD']}@postgres:" in ours["EXPLAINER_DATABASE_URL"]
    assert lines(compose / "vllm.env")["VLLM_API_KEY"] == ours["EXPLAINER_OPENAI_KEY"]
    told = objects["Secret", "explainer"]["stringData"]
    assert f":{objects['Secret', 'postgres']['stringData']['POSTGRES_PASSWORD']}@" in told["EXPLAINER_DATABASE_URL"]
    assert objects["Secret", "vllm"]["stringData"]["VLLM_API_KEY"] == told["EXPLAINER_OPENAI_KEY"]
    assert told["EXPLAINER_OPENAI_KEY"] != ours["EXPLAINER_OPENAI_KEY"]
    for name, key in objects["Secret", "explainer-keys"]["stringData"].items():
        (tmp_path / name).write_text(key)
    for folder in (compose / "secrets", tmp_path):
        assert load_signer(folder / "audit.key").verifier
        assert len(ErasureKey.load(folder / "erasure.key").secret) == 32
    private = [compose / "explainer.env", compose / "secrets/audit.key", kubernetes / "secrets.yaml"]
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
