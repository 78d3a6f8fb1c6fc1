"""How tests have ``explainer deployment`` write, and read what it wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

from click.testing import CliRunner

from explainer.cli.main import main


def written(folder, kind):
    run = CliRunner().invoke(main, ["deployment", str(folder), "--kind", kind])
    assert run.exit_code == 0, run.output
    assert sorted(map(Path, run.output.split())) == sorted(path for path in folder.rglob("*") if path.is_file())
    return folder


def pods(objects):
    """The pods of every object that makes some, by kind and name."""
    jobs = {key: one["spec"].get("jobTemplate", one) for key, one in objects.items() if "spec" in one}
    made = {key: one["spec"]["template"] for key, one in jobs.items() if "template" in one["spec"]}
    return made | {key: one for key, one in objects.items() if key[0] == "Pod"}


def containers(pod):
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def ran(*command, **options):
    """Run a program; whoever calls looks at how it ended."""
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def lines(path):
    found = (line.partition("=") for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in found}
