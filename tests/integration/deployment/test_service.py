"""What ``explainer deployment`` writes is of one mind with the service: settings, commands, probes, time."""

from __future__ import annotations

import re
import shlex

from explainer.cli.main import main
from explainer.loading import make_remotes
from explainer.paths import adapter_dir
from explainer.server import workers
from explainer.settings import Settings
from tests.integration.deployment.acting import containers, lines, pods

COMMANDS = main.commands.keys()


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


def test_every_kind_of_deployment_removes_each_night_what_has_had_its_time(systemd, services, objects):
    pod = pods(objects)["CronJob", "explainer-retention"]
    (nightly,) = containers(pod)
    assert nightly["args"] == ["retention", "--yes"]
    assert {"name": "keys", "mountPath": "/run/secrets/explainer", "readOnly": True} in nightly["volumeMounts"]
    (keys,) = (one["secret"] for one in pod["spec"]["volumes"] if one["name"] == "keys")
    assert keys["items"] == [{"key": "erasure.key", "path": "erasure.key"}], "what it seals with, and no other"
    assert "explainer retention --yes" in services["retention"]["command"][0]
    assert "explainer retention --yes" in (systemd / "explainer-retention.service").read_text()
    assert "OnCalendar=" in (systemd / "explainer-retention.timer").read_text()


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
