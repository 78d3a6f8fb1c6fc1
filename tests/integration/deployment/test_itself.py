"""What ``explainer deployment`` writes is of one mind with itself: whatever one names is there."""

from __future__ import annotations

import re

import yaml

from tests.integration.deployment.acting import containers, pods


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
