"""The runner for one machine: processes prepare and store, and in between the engine has all cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from explainer.pipeline import Explainer
from explainer.service.pregenerate.counts import Counts
from explainer.service.pregenerate.drafting import told_of, write
from explainer.service.pregenerate.prepared import Batch, Order, Stored
from explainer.service.pregenerate.stages import Stages
from explainer.service.pregenerate.workers import Task, Workers

USERS_AT_ONCE = 200
"""Users whose lists are prepared before the engine writes; so many are done again after a crash."""
PREPARED, WRITTEN, STORED = "lists prepared", "prompts written", "lists stored"
USERS_IN_TASK = 5
"""Users whose lists are prepared, and stored, together."""
Say = Callable[[str, int, int], None]
"""Is told (what, done, total)."""


class _Hands(Protocol):
    def map(self, tasks: Iterable[Task]) -> Iterator[Any]:
        """Yield the results of tasks."""
        ...


class _Own:
    """Does tasks in this process."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    def map(self, tasks: Iterable[Task]) -> Iterator[Any]:
        """Yield the results of tasks."""
        for name, given in tasks:
            yield getattr(self._stages, name)(given)


def run_local(
    explainer: Explainer,
    order: Order,
    users: Sequence[str],
    say: Say,
    workers: tuple[int, Callable[[], Stages]] | None = None,
    at_once: int = USERS_AT_ONCE,
) -> tuple[Counts, float]:
    """Write these users' explanations.

    Args:
        explainer: The pipeline with the engine.
        order: What is to be written for each.
        users: Whose.
        say: Is told how far it is.
        workers: How many processes prepare and store, and what makes the stages in each; by default this one does.
        at_once: Users whose lists are prepared before the engine writes.

    Returns:
        What came of it, and the processor seconds of this process, which nobody has counted.

    Raises:
        BusyError: If the database cannot be used now. What was stored is kept.
        WorkerDiedError: If processes end again and again.
    """
    hands: AbstractContextManager[_Hands]
    hands = nullcontext(_Own(Stages(explainer, order))) if workers is None else Workers(*workers)
    with hands as opened:
        run = _Run(explainer, order, opened, say, len(users))
        begun = time.process_time()
        for start in range(0, len(users), at_once):
            run.go_on(users[start : start + at_once])
        run.go_on(())
        spent = time.process_time() - begun
    # Alone, this process has counted already what it spent on preparing and storing.
    return run.counts, spent if workers is not None else spent - run.counts.cpu_s


class _Run:
    """One run: what was written for is stored while the next lists are prepared."""

    def __init__(self, explainer: Explainer, order: Order, hands: _Hands, say: Say, total: int) -> None:
        self.counts = Counts()
        self._writer, self._style = explainer.writer, order.style
        self._hands = hands
        self._say = say
        self._total, self._prepared, self._prompts, self._written = total, 0, 0, 0
        self._ready: list[Batch] = []

    def go_on(self, users: Sequence[str]) -> None:
        """Store what is ready, prepare these users' lists, and have the engine write for them."""
        tasks: list[Task] = [("store", batch) for batch in self._ready]
        tasks += [("prepare", users[start : start + USERS_IN_TASK]) for start in range(0, len(users), USERS_IN_TASK)]
        batches: list[Batch] = []
        for result in self._hands.map(tasks):
            if isinstance(result, Stored):
                self.counts.add(result)
                self._say(STORED, self.counts.users, self._total)
            else:
                batches.append(result)
                self._prepared += len(result.users)
                self._say(PREPARED, self._prepared, self._total)
        self._ready = self._with_drafts(batches)

    def _with_drafts(self, batches: Sequence[Batch]) -> list[Batch]:
        plans = [plan for batch in batches for plan in batch.plans]
        self._prompts += len({plan.prompt_hash for plan in plans} - {""})
        lost = write(self._writer, plans, self._style, self._count_written)
        return [told_of(batch, lost) for batch in batches]

    def _count_written(self, number: int) -> None:
        self._written += number
        self._say(WRITTEN, self._written, self._prompts)
