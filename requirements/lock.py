"""Resolve pyproject.toml and dev.in to exact versions: ``make lock`` writes lock.txt and dev.txt anew."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The newest version that still comes as a small CPU build everywhere; a GPU machine may install any newer torch.
HELD = ["torch==2.13.0"]
# Builds the editable install without a network of its own.
BUILD = ["hatchling"]


def resolve(wanted: list[str], held: list[str]) -> dict[str, str]:
    """Return name → version of everything that ``wanted`` needs."""
    with tempfile.TemporaryDirectory() as scratch:
        constraints, report = Path(scratch, "held.txt"), Path(scratch, "report.json")
        constraints.write_text("\n".join(held), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        subprocess.run(  # noqa: S603  our own interpreter, our own arguments
            [*command, "--constraint", str(constraints), "--report", str(report), *wanted], check=True
        )
        installs = json.loads(report.read_text(encoding="utf-8"))["install"]
    found = {entry["metadata"]["name"].lower(): entry["metadata"]["version"] for entry in installs}
    # "+cpu" names a build, not a version: whoever has another build of the same version may use it.
    return {name: version.split("+")[0] for name, version in sorted(found.items())}


def main() -> None:
    """Write both files."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run = resolve([*project["dependencies"], *BUILD], HELD)
    lines = (line.split("#")[0].strip() for line in (HERE / "dev.in").read_text(encoding="utf-8").splitlines())
    pinned = [f"{name}=={version}" for name, version in run.items()]
    dev = resolve([line for line in lines if line], pinned)
    _write("lock.txt", run, "What the service needs")
    _write("dev.txt", {name: v for name, v in dev.items() if name not in run}, "What developers and CI need besides")


def _write(name: str, versions: dict[str, str], title: str) -> None:
    text = "".join(f"{package}=={version}\n" for package, version in versions.items())
    (HERE / name).write_text(f"# {title}, exact versions. Made by `make lock`; edit pyproject.toml or dev.in.\n{text}")


if __name__ == "__main__":
    main()
