"""Writing ahead that is killed again and again ends with the rows of a run that nobody disturbed.

One process is drawn each time: the run itself, whose helping processes are then killed with it as a power cut would,
or one of these alone, which the run has to replace.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil
from sqlalchemy import select

from explainer.bench.errors import BenchError
from explainer.bench.home import make_home
from explainer.bench.pregenerate import copied, texts
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow

_SEED = 8
_EARLIEST, _LATEST = 0.04, 0.16
_LONGEST_S, _LOOK_EVERY_S = 7200.0, 0.2
_TOLD = 2000
Say = Callable[[str], None]


class Killed(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        kills: Processes killed,
        helpers: and how many of them were helping ones alone.
        rows: Explanations in the end.
        same_rows: Whether they say the same as those of the undisturbed run.
        each_once: Whether there is one for each user and item, with one entry of the audit log.
        undisturbed_s: Seconds that the undisturbed run took, with loading.
    """

    kills: int
    helpers: int
    rows: int
    same_rows: bool
    each_once: bool
    undisturbed_s: float


def measure(home: Path, data: str, say: Say, kills: int = 10) -> Killed:
    """Return what comes of killing a run for all users of a dataset, ten items each.

    Args:
        home: Scratch folder; a recommender that is there already is used.
        data: ``own``, or what ``explainer ingest`` takes.
        say: Is told what is done.
        kills: How often.

    Raises:
        BenchError: If a run that nobody disturbs fails, or there is none left to kill.
    """
    settings = Settings(home=home, database_url=None, engine="openvino")
    if not settings.models.is_dir():
        say("fitting a recommender")
        make_home(settings, data)
    whole, part = copied(settings, "undisturbed"), copied(settings, "killed")
    say("writing undisturbed")
    begun = time.perf_counter()
    _finish(whole)
    seconds = time.perf_counter() - begun
    helpers = _kill(part, kills, seconds, say)
    say("writing what is left")
    _finish(part)
    expected, found = texts(whole.url), texts(part.url)
    return Killed(kills, helpers, found.total(), found == expected, is_each_once(part.url), seconds)


def _kill(settings: Settings, kills: int, seconds: float, say: Say) -> int:
    """Kill so many processes, each after a share of the undisturbed run's seconds; return how many were helpers."""
    drawn, done, helpers = random.Random(_SEED), 0, 0
    while done < kills:
        with _running(settings) as process:
            while done < kills:
                _wait(process, drawn.uniform(_EARLIEST, _LATEST) * seconds)
                victim = drawn.choice([process.pid, *_helpers(process)])
                done += 1
                say(f"{done} of {kills} killed: {'the run' if victim == process.pid else 'a helper'}")
                if victim == process.pid:
                    break
                helpers += 1
                os.kill(victim, signal.SIGKILL)
    return helpers


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait while it runs.

    Raises:
        BenchError: If it ends: what is done before the last kill proves nothing.
    """
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(seconds)
        raise BenchError(f"The run ended by itself, with code {code}, before all kills: write for more users.")


def _helpers(process: subprocess.Popen[bytes]) -> list[int]:
    return [one.pid for one in psutil.Process(process.pid).children(recursive=True)]


def _finish(settings: Settings) -> None:
    with _running(settings) as process:
        code = process.wait(_LONGEST_S)
    if code:
        raise BenchError(f"The run failed with code {code}. It said:\n{_log(settings).read_text()[-_TOLD:]}")


@contextmanager
def _running(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Write ahead for the block; afterwards all processes of the run are gone."""
    command = ("-c", "from explainer.cli import main; main()", "--home", str(settings.home), "pregenerate")
    variables = {"EXPLAINER_DATABASE_URL": settings.url, "EXPLAINER_ENGINE": settings.engine}
    with _log(settings).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  ourselves
            [sys.executable, *command, "--users", "all", "--k", "10"],
            env=os.environ | variables,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a group of its own, so that all its processes can be killed together
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _log(settings: Settings) -> Path:
    return settings.home / "pregenerate.log"


def is_each_once(url: str) -> bool:
    """Return whether a database has one explanation for each user and item, and one entry of the log for each."""
    database = Database(url)
    with database.session() as session:
        rows = session.execute(select(ExplanationRow.id, ExplanationRow.user_id, ExplanationRow.item_id)).all()
        made = select(AuditEntryRow.record_id).where(AuditEntryRow.event == "explanation.created")
        entries = Counter(session.scalars(made))
    database.engine.dispose()
    return len({(user, item) for _, user, item in rows}) == len(rows) and entries == Counter(key for key, _, _ in rows)
