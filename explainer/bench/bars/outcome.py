"""One command, run to its end or to its limit, and what it came to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

_TOLD = 600
_GRACE_S = 20.0
_COUNTED = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")
_SKIPPED = "Skipped:"


def carried_out(command: Sequence[str], log: Path, where: Path | None, environment: Mapping[str, str], s: float) -> str:
    """Run a command; return why it failed, or nothing.

    Args:
        command: What is run.
        log: Takes all that it says.
        where: The folder in which it runs; None for this one.
        environment: Its variables.
        s: Seconds after which it is stopped, with all that it started.
    """
    with log.open("wb") as said:
        # A session of its own, so that servers and databases which it started can be stopped with it.
        process = subprocess.Popen(  # noqa: S603  our own commands
            command, stdout=said, stderr=subprocess.STDOUT, cwd=where, env=environment, start_new_session=True
        )
        try:
            status = process.wait(s)
        except subprocess.TimeoutExpired:
            return f"It did not end within {s / 60:.0f} minutes. {tail(log)}"
        finally:
            _stop(process)
    return "" if status == 0 else f"Exit code {status}. {tail(log)}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a command that still runs, asked first, and whatever it left behind."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    with suppress(ProcessLookupError):  # nothing is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path) -> str:
    """Return the end of what a command said."""
    return log.read_text(encoding="utf-8", errors="replace").strip()[-_TOLD:]


def figures_of(out: Path, log: Path, command: Sequence[str], failure: str) -> dict[str, Any] | None:
    """Return what a command wrote to its file; of tests, which write none, how many passed, failed and were skipped."""
    if out.is_file():
        try:
            return msgspec.json.decode(out.read_bytes(), type=dict[str, Any])
        except msgspec.MsgspecError:
            return None
    if "pytest" not in command and command[0] != "make":
        return None
    return counted(log.read_text(encoding="utf-8", errors="replace"), failed=bool(failure))


def counted(said: str, *, failed: bool) -> dict[str, int]:
    """Return the counts that pytest's last line states; a command that only ends well or not counts as one test."""
    last = next((line for line in reversed(said.splitlines()) if _COUNTED.search(line)), "")
    found = {what.removesuffix("s"): int(number) for number, what in _COUNTED.findall(last)}
    if not found and not failed:
        found = {"skipped": 1} if _SKIPPED in said else {"passed": 1}
    wrong = found.get("failed", 0) + found.get("error", 0)
    return {
        "passed": found.get("passed", 0),
        "failed": max(wrong, int(failed)),
        "skipped": found.get("skipped", 0),
    }
