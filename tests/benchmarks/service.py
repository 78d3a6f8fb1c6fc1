"""The service under load, as ``explainer bench service`` measures it, with PostgreSQL where one can be started."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from explainer.bench.postgres import can_be_started


def service() -> dict[str, float]:
    """Return the figures, each under the names that lead to it."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "service.json"
        command = [
            sys.executable,
            "-c",
            "from explainer.cli import main; main()",
            "bench",
            "service",
            "--json",
            str(out),
        ]
        if can_be_started():
            command.append("--postgres")
        subprocess.run(command, check=True)
        found = json.loads(out.read_bytes())
    del found["machine"]
    return dict(_flat(found))


def _flat(found: Mapping[str, object], before: str = "") -> Iterator[tuple[str, float]]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}_")
        elif isinstance(value, int | float):
            yield f"{before}{name}", float(value)
