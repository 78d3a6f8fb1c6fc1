"""A hundred thousand made-up people and items: how fast rows go in, explanations come out, and in how much memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import msgspec

from explainer.bench.errors import BenchError
from explainer.bench.made_up import Size, write_shop
from explainer.bench.postgres import another_database
from explainer.bench.synthetic_steps import Took

Say = Callable[[str], None]
_TENTH = 10


class Synthetic(msgspec.Struct, frozen=True):
    """The figures.

    Attributes:
        ingest_rows_per_s: Rows of items and behaviours read, cleaned, screened and stored.
        explanations_per_s: Best items ranked, attributed and written by templates, one a user, all processes together.
        peak_mb: Most resident memory: of a step's one process, or of all that explain together.
        cost_ratio_100k_10k: Time per user with all people over that with a tenth of them, the same catalogue,
            in databases of one kind.
        fit_s: Seconds to fit.
        database: Which kind.
        processes: How many explained.
    """

    ingest_rows_per_s: float
    explanations_per_s: float
    peak_mb: float
    cost_ratio_100k_10k: float
    fit_s: float
    database: str
    processes: int


class _Shop(msgspec.Struct, frozen=True):
    ingest: Took
    fit: Took
    per_s: float
    explaining_mb: float


def measure(
    say: Say, size: Size | None = None, url: str | None = None, users: int = 1000, processes: int = 2, rounds: int = 3
) -> Synthetic:
    """Return the figures of a made-up shop.

    Args:
        say: Told what is done next.
        size: How large the shop is.
        url: An empty PostgreSQL for the whole shop, on whose server another is made for that with a tenth of the
            people, since the two are compared; by default each is an SQLite file.
        users: How many each process explains for,
        processes: of how many at once,
        rounds: so many times; the median counts.

    Raises:
        BenchError: If a step fails, or no second database can be made.
    """
    size = size or Size()
    with (
        tempfile.TemporaryDirectory(prefix="explainer-bench-") as scratch,
        another_database(url) if url else nullcontext(None) as second,
    ):
        folder = Path(scratch)
        whole = _shop(folder / "whole", url, size, (users, processes, rounds), say)
        fewer = size.with_users(size.users // _TENTH)
        tenth = _shop(folder / "tenth", second, fewer, (users, processes, rounds), say)
    return Synthetic(
        ingest_rows_per_s=whole.ingest.count / whole.ingest.seconds,
        explanations_per_s=whole.per_s,
        peak_mb=max(whole.ingest.peak_mb, whole.fit.peak_mb, whole.explaining_mb),
        cost_ratio_100k_10k=tenth.per_s / whole.per_s,
        fit_s=whole.fit.seconds,
        database=(url or "sqlite").split(":", maxsplit=1)[0].split("+", maxsplit=1)[0],
        processes=processes,
    )


def _shop(folder: Path, url: str | None, size: Size, plan: tuple[int, int, int], say: Say) -> _Shop:
    say(f"Making up {size.behaviours:,} behaviours of {size.users:,} people")
    write_shop(folder / "shop", size)
    place = [str(folder / "shop"), str(folder / "models"), url or f"sqlite:///{folder / 'shop.db'}"]
    say(f"Ingesting {size.behaviours:,} behaviours and {size.items:,} items")
    stored = _run(["ingest", *place])
    say(f"Fitting on {size.behaviours:,} behaviours")
    fit = _run(["fit", *place])
    per_s, peak = _explaining(place, size, plan, say)
    return _Shop(stored, fit, per_s, peak)


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "explainer.bench.synthetic_steps", *arguments]


def _run(arguments: Sequence[str]) -> Took:
    run = subprocess.run(_command(arguments), capture_output=True, text=True, check=False)  # noqa: S603  ourselves
    if run.returncode:
        raise BenchError(f"The step {arguments[0]} of the synthetic measurement failed: {run.stderr[-800:]}")
    return msgspec.json.decode(run.stdout.splitlines()[-1], type=Took)


def _explaining(place: Sequence[str], size: Size, plan: tuple[int, int, int], say: Say) -> tuple[float, float]:
    """Return explanations per second of all processes together, and their memory, MB."""
    users, processes, rounds = plan
    step = max(1, size.users // (users * processes))
    chosen = [f"u{number}" for number in range(0, size.users, step)]
    parts = [chosen[at::processes][:users] for at in range(processes)]
    say(f"Explaining for {sum(map(len, parts)):,} of {size.users:,} people in {processes} processes")
    workers = [
        subprocess.Popen(  # noqa: S603  ourselves
            _command(["explain", *place, str(rounds), ",".join(part)]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in parts
    ]
    try:
        for _ in range(rounds):
            _together(workers)
        found = [msgspec.json.decode(_line(worker), type=list[Took]) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    rates = [sum(took.count for took in each) / max(took.seconds for took in each) for each in zip(*found, strict=True)]
    return statistics.median(rates), sum(max(took.peak_mb for took in each) for each in found)


def _together(workers: Sequence[subprocess.Popen[str]]) -> None:
    for worker in workers:
        _line(worker)  # it is ready
    for worker in workers:
        if worker.stdin is None:  # it was opened with one
            raise AssertionError
        worker.stdin.write("go\n")
        worker.stdin.flush()


def _line(worker: subprocess.Popen[str]) -> str:
    line = worker.stdout.readline() if worker.stdout else ""
    if not line:
        raise BenchError("A process that explains ended early; what it said stands above.")
    return line
