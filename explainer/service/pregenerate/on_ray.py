"""The same stages on Ray Data: actors that load the models once, on one machine or a cluster.

What goes between the stages is pickled bytes in one column: cases are no tables.
"""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from explainer.errors import ExplainerError, MissingLibraryError
from explainer.places import in_our_words
from explainer.service.pregenerate.counts import Counts
from explainer.service.pregenerate.drafting import told_of, write
from explainer.service.pregenerate.local import STORED, USERS_AT_ONCE, USERS_IN_TASK, Say
from explainer.service.pregenerate.prepared import Batch
from explainer.service.pregenerate.stages import Stages
from explainer.writing.style import Style
from explainer.writing.writer import Writer

_COLUMN = "pickled"
# Ray keeps account of each: of millions it would do nothing else.
_BLOCKS = 10_000
_Rows = dict[str, npt.NDArray[np.object_]]


class RayRunError(ExplainerError):
    """Ray could not go on."""


_OURS = f"{RayRunError.__name__}: "


def run_ray(
    make: Callable[[], Stages],
    make_writer: Callable[[], Writer],
    style: Style,
    users: Sequence[str],
    say: Say,
    processes: int,
    storing: int = 1,
) -> Counts:
    """Write these users' explanations.

    Args:
        make: Returns the stages; called once in each actor that prepares or stores, so it must be picklable.
        make_writer: Returns the writer with the engine; likewise, in the one actor that writes.
        style: Reader and language.
        users: Whose.
        say: Is told how far it is.
        processes: Actors that prepare,
        storing: and those that store; more than one only where the database takes more than one writer.

    Raises:
        MissingLibraryError: If Ray is not installed.
        RayRunError: If it cannot go on. What was stored is kept.
    """
    data = library()
    cores = _cores()
    mine = _connect(processes + cores + storing)
    tasks = [tuple(users[start : start + USERS_IN_TASK]) for start in range(0, len(users), USERS_IN_TASK)]
    rows = data.from_items(
        [{_COLUMN: pickle.dumps(task)} for task in tasks], override_num_blocks=min(max(1, len(tasks)), _BLOCKS)
    )
    prepared = rows.map_batches(
        _Preparing,
        fn_constructor_args=(make,),
        batch_size=1,
        compute=data.ActorPoolStrategy(size=processes),
        num_cpus=1,
    )
    # Ray gives libraries as many threads as an actor has processors: the engine gets all.
    written = prepared.map_batches(
        _Writing,
        fn_constructor_args=(make_writer, style),
        batch_size=USERS_AT_ONCE // USERS_IN_TASK,
        compute=data.ActorPoolStrategy(size=1),
        num_cpus=cores,
    )
    stored = written.map_batches(
        _Storing, fn_constructor_args=(make,), batch_size=1, compute=data.ActorPoolStrategy(size=storing), num_cpus=1
    )
    counts = Counts()
    try:
        for row in stored.iter_rows():
            counts.add(pickle.loads(row[_COLUMN]))  # noqa: S301  our own, from an actor of our own
            say(STORED, counts.users, len(users))
    except importlib.import_module("ray.exceptions").RayError as error:
        # Ray tells of where in Ray it happened before and after what our actors say.
        ours = [line.partition(_OURS)[2] for line in str(error).splitlines() if _OURS in line]
        why = ours[-1] if ours else type(error).__name__
        raise RayRunError(f"Ray could not go on; what was stored is kept, run it again to go on: {why}") from error
    finally:
        if mine:
            importlib.import_module("ray").shutdown()
    return counts


def library() -> ModuleType:
    """Return Ray Data.

    Raises:
        MissingLibraryError: If it is not installed.
    """
    try:
        return importlib.import_module("ray.data")
    except ImportError as error:
        raise MissingLibraryError(
            f"--runner ray needs Ray Data ({error}); install it: pip install 'recommended-because[ray]'"
        ) from error


class _Preparing:
    """Prepares lists."""

    def __init__(self, make: Callable[[], Stages]) -> None:
        with _failing_in_our_words("start"):
            self._stages = make()

    def __call__(self, rows: _Rows) -> _Rows:
        """Return a batch for each task."""
        with _failing_in_our_words("prepare"):
            return _packed([self._stages.prepare(task) for task in _unpacked(rows)])


class _Writing:
    """Has the engine write what batches need."""

    def __init__(self, make_writer: Callable[[], Writer], style: Style) -> None:
        with _failing_in_our_words("start"):
            self._writer = make_writer()
        self._style = style

    def __call__(self, rows: _Rows) -> _Rows:
        """Return the batches, whose drafts are remembered now."""
        begun = time.process_time()
        batches: list[Batch] = _unpacked(rows)
        plans = [plan for batch in batches for plan in batch.plans]
        with _failing_in_our_words("write"):
            lost = write(self._writer, plans, self._style, lambda _: None)
        spent = (time.process_time() - begun) / len(batches)
        return _packed([replace(told_of(batch, lost), cpu_s=batch.cpu_s + spent) for batch in batches])


class _Storing:
    """Stores batches."""

    def __init__(self, make: Callable[[], Stages]) -> None:
        with _failing_in_our_words("start"):
            self._stages = make()

    def __call__(self, rows: _Rows) -> _Rows:
        """Return what became of each batch."""
        with _failing_in_our_words("store"):
            return _packed([self._stages.store(batch) for batch in _unpacked(rows)])


@contextmanager
def _failing_in_our_words(what: str) -> Iterator[None]:
    """Let no error out of an actor as it is: Ray prints it whole, with what it may quote of people."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  whatever it is
        raise RayRunError(f"A process failed to {what}: {in_our_words(error)}") from None


def _packed(things: Sequence[object]) -> _Rows:
    column = np.empty(len(things), dtype=object)
    column[:] = [pickle.dumps(thing) for thing in things]
    return {_COLUMN: column}


def _unpacked(rows: _Rows) -> list[Any]:
    return [pickle.loads(one) for one in rows[_COLUMN]]  # noqa: S301  our own


def _connect(processors: int) -> bool:
    """Join the cluster that the environment names, or start one here; return whether it is ours to end."""
    ray = importlib.import_module("ray")
    context = importlib.import_module("ray.data").DataContext.get_current()
    context.enable_progress_bars = False  # ours tell the same
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    elsewhere = bool(os.environ.get("RAY_ADDRESS"))
    ray.init(**({"log_to_driver": False} if elsewhere else quiet | {"num_cpus": processors}))
    return True


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
