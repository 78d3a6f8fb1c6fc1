"""One thread in front of an engine: what waits is written together, equal prompts once, and nobody waits for ever.

Every way in which an engine can misbehave ends in EngineUnavailable for those who asked for what it was writing, and in
nothing for anyone else; the thread goes on.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Self

from explainer.errors import AbandonedError, EngineUnavailable
from explainer.writing.engines import Draft, Engine, Sampling
from explainer.writing.engines.absent import AbsentEngine
from explainer.writing.engines.endpoint_state import EndpointState
from explainer.writing.limits import Counters, Limits
from explainer.writing.patience import Call, current_call
from explainer.writing.prompts import Prompt

_log = logging.getLogger(__name__)
_Key = tuple[str, Sampling]


@dataclass(eq=False, slots=True)
class _Job:
    """One prompt to be written, for one caller or several."""

    key: _Key
    prompt: Prompt
    callers: int = 0
    outcome: Draft | EngineUnavailable | None = None


class BatchingEngine:
    """An engine that passes on what it is asked to another one, from a thread of its own.

    Whoever calls waits as long as the current :class:`~explainer.writing.patience.Call` says. An engine with a method
    ``cancel`` is told when nobody waits any more for what it is writing; any other goes on, and what it wrote is kept
    for the next who asks.

    Args:
        engine: Writes.
        limits: What is allowed.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, engine: Engine, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name, self.model_hash, self.adapter_hash = engine.name, engine.model_hash, engine.adapter_hash
        self.locales, self.domains = engine.locales, engine.domains
        self._engine: Engine = engine
        self._limits = limits or Limits()
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: dict[_Key, _Job] = {}
        self._running: dict[_Key, _Job] = {}
        self._late: dict[_Key, _Job] = {}
        self._running_since: float | None = None
        self._closing = False
        self._counters = Counters()
        # A daemon: an engine that never returns must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="writing", daemon=True)
        self._thread.start()

    @property
    def counters(self) -> Counters:
        """What was done up to now."""
        with self._changed:
            return self._counters

    @property
    def backlog(self) -> tuple[int, int]:
        """Prompts that wait, and how many may."""
        with self._changed:
            return len(self._waiting), self._limits.backlog

    @property
    def closing(self) -> bool:
        """Whether it takes nothing any more."""
        with self._changed:
            return self._closing

    @property
    def endpoints(self) -> tuple[EndpointState, ...]:
        """The servers behind the engine; none if it writes here."""
        return getattr(self._engine, "endpoints", ())

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written now; None as far as is known."""
        with self._changed:
            since = self._running_since
        if since is not None and self._clock() - since > self._limits.stall_s:
            return f"the engine has not answered for {self._clock() - since:.0f} s"
        return getattr(self._engine, "trouble", None)

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        """Return one draft per prompt, in order.

        Raises:
            EngineUnavailable: If the engine cannot write them, the backlog is full or the call's deadline has passed.
            AbandonedError: If the caller has gone away.
        """
        if not prompts:
            return []
        call = current_call()
        jobs = self._join(prompts, sampling, call)
        try:
            call.gone.add_done_callback(lambda _: self._wake())
            self._wait(jobs.values(), call)
        finally:
            self._leave(jobs.values())
        return [_draft(jobs[prompt.hash, sampling]) for prompt in prompts]

    def foresee(self, prompt: Prompt, following: Prompt, sampling: Sampling) -> None:
        """Tell the engine what may be asked for after a prompt, if it makes anything of that."""
        foresee = getattr(self._engine, "foresee", None)
        if foresee is not None:
            foresee(prompt, following, sampling)

    def close(self, drain_s: float = 30.0) -> None:
        """Write what somebody waits for, take nothing new, end the thread.

        Args:
            drain_s: Seconds after which those who still wait are refused.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not any(job.callers for job in self._unfinished()), drain_s)
            left = self._unfinished()
            for job in left:
                job.outcome = EngineUnavailable("the service is stopping")
            self._waiting.clear()
            if left:
                self._cancel()
            self._changed.notify_all()
        self._thread.join(1.0)
        if self._thread.is_alive():
            _log.warning("The engine %s does not return; its thread ends with the process.", self.name)
        close = getattr(self._engine, "close", None)
        if close is not None:
            close()
        # Whoever still holds this must not hold a model with it.
        self._engine = AbsentEngine.of(self._engine)
        self._late.clear()
        _log.info("The engine %s has stopped: %s", self.name, self.counters)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unfinished(self) -> list[_Job]:
        return [*self._waiting.values(), *self._running.values()]

    # What callers do

    def _join(self, prompts: Sequence[Prompt], sampling: Sampling, call: Call) -> dict[_Key, _Job]:
        """Return the job of every prompt; all are queued or none."""
        wanted = {(prompt.hash, sampling): prompt for prompt in prompts}
        with self._changed:
            self._refuse_hopeless(call)
            found = {key: job for key in wanted if (job := self._known(key)) is not None}
            if len(self._waiting) + len(wanted) - len(found) > self._limits.backlog:
                self._count(refused=1)
                raise EngineUnavailable(f"{len(self._waiting)} prompts are waiting already")
            made = {key: _Job(key, prompt) for key, prompt in wanted.items() if key not in found}
            self._waiting |= made
            jobs = found | made
            for job in jobs.values():
                job.callers += 1
            self._count(deduplicated=len(prompts) - len(made))
            self._changed.notify_all()
        return jobs

    def _known(self, key: _Key) -> _Job | None:
        return self._waiting.get(key) or self._running.get(key) or self._late.pop(key, None)

    def _refuse_hopeless(self, call: Call) -> None:
        if call.gone.done():
            self._count(abandoned=1)
            raise AbandonedError("The caller has gone away.")
        if self._closing:
            raise EngineUnavailable("the service is stopping")
        now = self._clock()
        if now >= call.until:
            self._count(timeouts=1)
            raise EngineUnavailable("deadline")
        if self._running_since is not None and now - self._running_since > self._limits.stall_s:
            self._count(refused=1)
            raise EngineUnavailable(f"stuck for {now - self._running_since:.0f} s")

    def _wait(self, jobs: Collection[_Job], call: Call) -> None:
        def is_over() -> bool:
            outcomes = [job.outcome for job in jobs]
            return call.gone.done() or None not in outcomes or any(isinstance(o, EngineUnavailable) for o in outcomes)

        with self._changed:
            left = call.until - self._clock()
            in_time = self._changed.wait_for(is_over, None if math.isinf(left) else max(0.0, left))
            if call.gone.done():
                self._count(abandoned=1)
                raise AbandonedError("The caller has gone away.")
            if not in_time:
                self._count(timeouts=1)
                raise EngineUnavailable("deadline")

    def _leave(self, jobs: Collection[_Job]) -> None:
        with self._changed:
            for job in jobs:
                job.callers -= 1
                if job.callers == 0 and self._waiting.get(job.key) is job:
                    del self._waiting[job.key]
            if self._running and not any(job.callers for job in self._running.values()):
                self._cancel()
            self._changed.notify_all()

    def _cancel(self) -> None:
        """Tell the engine to stop, if it can. Only while holding the lock: or it might stop the batch after this."""
        cancel = getattr(self._engine, "cancel", None)
        if cancel is not None:
            self._running = {}  # whoever asks for these from now on must not be given the cancelled ones
            cancel()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # What the thread does

    def _work(self) -> None:
        while batch := self._next():
            start = self._clock()
            outcomes = self._outcomes(batch)
            with self._changed:
                self._count(seconds=self._clock() - start)
                self._running, self._running_since = {}, None
                for job, outcome in zip(batch, outcomes, strict=True):
                    self._finish(job, outcome)
                self._changed.notify_all()

    def _next(self) -> list[_Job]:
        """Return the next batch, empty when there will be none."""
        limits = self._limits
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                self._changed.wait_for(lambda: len(self._waiting) >= limits.batch or self._closing, limits.wait_s)
                if self._waiting:
                    break
                if self._closing:
                    return []
            sampling = next(iter(self._waiting))[1]
            alike = (job for job in self._waiting.values() if job.key[1] == sampling)
            self._running = {job.key: job for job in islice(alike, limits.batch)}
            self._running_since = self._clock()
            for key in self._running:
                del self._waiting[key]
            self._count(batches=1, prompts=len(self._running))
            return list(self._running.values())

    def _outcomes(self, batch: Sequence[_Job]) -> list[Draft | EngineUnavailable]:
        try:
            written = self._engine.write([job.prompt for job in batch], batch[0].key[1])
            drafts = list(islice(written, len(batch) + 1))
        except EngineUnavailable as error:
            return [error] * len(batch)
        except BaseException as error:  # noqa: BLE001  whatever an engine raises, the thread must live on
            _log.error("The engine %s failed", self.name, exc_info=error)
            return [EngineUnavailable(f"the engine failed with {type(error).__name__}")] * len(batch)
        if len(drafts) != len(batch):
            return [EngineUnavailable("the engine wrote another number of drafts than it was asked for")] * len(batch)
        return [draft if _is_text(draft) else EngineUnavailable("the engine wrote no text") for draft in drafts]

    def _finish(self, job: _Job, outcome: Draft | EngineUnavailable) -> None:
        if job.outcome is None:  # else it was given up when the service stopped
            job.outcome = outcome
        if isinstance(outcome, EngineUnavailable):
            self._count(failures=1)
        elif job.callers == 0:
            self._count(late=1)
            self._late[job.key] = job
            while len(self._late) > self._limits.backlog:
                del self._late[next(iter(self._late))]

    def _count(self, **more: float) -> None:
        self._counters = replace(
            self._counters, **{name: getattr(self._counters, name) + n for name, n in more.items()}
        )


def _is_text(draft: object) -> bool:
    return isinstance(draft, Draft) and isinstance(draft.text, str)


def _draft(job: _Job) -> Draft:
    if isinstance(job.outcome, Draft):
        return job.outcome
    # A new error for every caller: one error raised in several threads mixes up their tracebacks.
    raise EngineUnavailable(str(job.outcome))
