"""Every bar in one run: each part a process of its own, kept as it ends, so that a stopped run goes on where it was."""

from __future__ import annotations

import operator
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from explainer.bench.errors import BenchError

_SIGNS: Mapping[str, Callable[[float, float], bool]] = {"≥": operator.ge, "≤": operator.le, "=": operator.eq}
_PACKAGES = ("numpy", "scipy", "torch", "sqlalchemy", "litestar", "openvino", "transformers")
_LOOPS = 10_000_000
_TOLD = 600


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise in figures.

    Attributes:
        name: What is measured.
        path: Where in the part's JSON it stands, keys joined by dots.
        sign: One of ≥, ≤ and =.
        threshold: What it must reach.
    """

    name: str
    path: str
    sign: str
    threshold: float


@dataclass(frozen=True, slots=True)
class Part:
    """What is run for some bars; ``explainer`` and the arguments, and the file behind ``--json``."""

    arguments: tuple[str, ...]
    bars: tuple[Bar, ...]


PARTS: Mapping[str, Part] = {
    "service": Part(
        ("bench", "service"),
        (
            Bar("stored reads in a second", "stored_read.requests_per_s", "≥", 400),
            Bar("stored read, p99 ms", "stored_read.p99_ms", "≤", 50),
            Bar("template path, p99 ms", "template.p99_ms", "≤", 150),
            Bar("a text of the model, p95 ms", "model.p95_ms", "≤", 1500),
            Bar("unhandled errors without the engine", "engine_down.unhandled_5xx", "=", 0),
        ),
    ),
    "audit": Part(
        ("bench", "audit", "--postgres"),
        (
            Bar("log entries appended in a second, in batches", "append_batch_per_s", "≥", 1500),
            Bar("one by one, PostgreSQL", "append_single_per_s", "≥", 300),
            Bar("entries verified in a second", "verify_per_s", "≥", 50_000),
            Bar("memory to verify, MB", "verify_peak_mb", "≤", 200),
            Bar("a proof, ms", "proof_ms", "≤", 20),
            Bar("false alarms", "false_alarms", "=", 0),
            Bar("a person erased, s", "erasure_s", "≤", 5),
        ),
    ),
    "scale": Part(
        ("bench", "scale", "--postgres"),
        (
            Bar("writing ahead, times one call a pair", "pregenerate.vs_per_pair", "≥", 20),
            Bar("Ray's time over the local runner's", "pregenerate.ray_vs_local", "≤", 1.3),
            Bar("rows ingested in a second", "synthetic.ingest_rows_per_s", "≥", 20_000),
            Bar("explanations in a second, 100,000 items", "synthetic.explanations_per_s", "≥", 200),
            Bar("peak memory, MB", "synthetic.peak_mb", "≤", 4096),
            Bar("cost of a user, 100,000 people over 10,000", "synthetic.cost_ratio_100k_10k", "≤", 1.2),
            Bar("Ray stores the same texts (1: yes)", "pregenerate.same_rows", "=", 1),
            Bar("nearest vectors found", "pgvector.recall", "≥", 0.95),
            Bar("nearest vectors, p95 ms", "pgvector.p95_ms", "≤", 10),
            Bar("requests failed while replicas restart", "replicas.rolling.failed", "=", 0),
            Bar("explanations lost as the database is away", "replicas.outage.lost", "=", 0),
            Bar("made twice meanwhile", "replicas.outage.twice", "=", 0),
            Bar("answers that nobody expects meanwhile", "replicas.outage.unexpected", "=", 0),
            Bar("jobs left afterwards", "replicas.outage.jobs_left", "=", 0),
        ),
    ),
}


class Ran(msgspec.Struct, frozen=True):
    """How a part went.

    Attributes:
        command: What was run.
        seconds: How long it took.
        figures: What it wrote; None where it wrote nothing.
        failure: The end of what it said, if it failed.
        machine: Where it was run.
    """

    command: str
    seconds: float
    figures: dict[str, Any] | None
    failure: str = ""
    machine: dict[str, str] = msgspec.field(default_factory=dict)


class Judged(msgspec.Struct, frozen=True):
    """A bar with what was measured; ``passed`` is None where nothing was."""

    part: str
    name: str
    measured: float | None
    sign: str
    threshold: float
    passed: bool | None
    command: str

    @property
    def bar(self) -> str:
        """What is asked for."""
        return f"{self.sign} {self.threshold:,g}"


def machine() -> dict[str, str]:
    """Describe where the figures come from, with a loop that tells how fast that is today."""
    begun = time.perf_counter()
    total = 0
    for number in range(_LOOPS):
        total += number
    loop = time.perf_counter() - begun
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.1f} GiB",
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
        "ten million additions in Python": f"{loop:.2f} s",
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def run(folder: Path, only: Sequence[str], say: Callable[[str], None]) -> None:
    """Run parts that were not run in this folder, or failed, and keep how each went as ``PART.ran.json``.

    Args:
        folder: Where everything is kept.
        only: Parts that are run, even again; empty for all that are missing.
        say: Told what is done next.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in only or [name for name in PARTS if _is_due(folder / f"{name}.ran.json")]:
        say(f"Measuring {name}")
        (folder / f"{name}.ran.json").write_bytes(msgspec.json.encode(_ran(folder, name)))


def _is_due(file: Path) -> bool:
    try:
        return bool(_read(file).failure)
    except (OSError, msgspec.MsgspecError):  # not run, or stopped while it was written
        return True


def _read(file: Path) -> Ran:
    return msgspec.json.decode(file.read_bytes(), type=Ran)


def _ran(folder: Path, name: str) -> Ran:
    out = folder / f"{name}.json"
    out.unlink(missing_ok=True)
    here = machine()
    arguments = [*PARTS[name].arguments, "--json", str(out)]
    begun = time.perf_counter()
    command = [sys.executable, "-c", "from explainer.cli import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own command
    figures = msgspec.json.decode(out.read_bytes(), type=dict[str, Any]) if out.is_file() else None
    shown = " ".join(["explainer", *PARTS[name].arguments, "--json", out.name])
    failure = (done.stderr or done.stdout)[-_TOLD:] if done.returncode else ""
    return Ran(shown, time.perf_counter() - begun, figures, failure, here)


def judged(folder: Path) -> tuple[dict[str, Ran], list[Judged]]:
    """Return how each part went, and every bar, from what a folder holds.

    Raises:
        BenchError: If there is nothing in it.
    """
    try:
        files = {name: folder / f"{name}.ran.json" for name in PARTS}
        ran = {name: _read(f) for name, f in files.items() if f.is_file()}
    except (OSError, msgspec.MsgspecError) as error:
        raise BenchError(f"{folder} holds measurements that cannot be read: {error}; remove them.") from error
    if not ran:
        raise BenchError(f"{folder} holds no measurements of explainer bench all.")
    return ran, [_judge(name, bar, ran.get(name)) for name, part in PARTS.items() for bar in part.bars]


def _judge(part: str, bar: Bar, ran: Ran | None) -> Judged:
    value: Any = None if ran is None else ran.figures
    for key in bar.path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    measured = float(value) if isinstance(value, int | float) else None
    passed = None if measured is None else _SIGNS[bar.sign](measured, bar.threshold)
    command = "explainer " + " ".join(PARTS[part].arguments)
    return Judged(part, bar.name, measured, bar.sign, bar.threshold, passed, command)
