"""Settings → what writes explanations before anybody asks, by the runner that was chosen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import make_url

from explainer.assembly import make_explainer, make_firewall, make_helping_explainer
from explainer.connecting import using_database
from explainer.judging import judge_catalogue
from explainer.loading import make_writer
from explainer.pipeline import Explainer
from explainer.service.pregenerate import Counts, Order, Summary
from explainer.service.pregenerate.local import Say, run_local
from explainer.service.pregenerate.on_ray import library, run_ray
from explainer.service.pregenerate.stages import Stages
from explainer.settings import Settings
from explainer.writing.cues import CueTable
from explainer.writing.engines.absent import AbsentEngine
from explainer.writing.style import Style
from explainer.writing.writer import Writer

_MOST_PROCESSES = 8  # each holds the recommender once more


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for.

    Attributes:
        k: Length of the list.
        style: Reader and language.
        runner: ``local`` or ``ray``.
        processes: How many prepare and store; None for what suits the machine.
        price: Of an hour of one core.
    """

    k: int = 10
    style: Style = field(default_factory=Style)
    runner: str = "local"
    processes: int | None = None
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What does the work.

    Attributes:
        order: What is to be written for every user.
        make: Makes the stages in another process.
        make_writer: Makes the writer in another process.
        explainer: The pipeline with the engine; None where Ray has all of it.
        several_store: Whether the database takes several writers at once.
    """

    order: Order
    make: Callable[[], Stages]
    make_writer: Callable[[], Writer]
    explainer: Explainer | None
    several_store: bool

    @classmethod
    def load(cls, settings: Settings, job: Job) -> Parts:
        """Return the parts for a job.

        Raises:
            ExplainerError: If one is missing.
        """
        order = Order(job.k, job.style)
        if job.runner == "local":
            explainer = make_explainer(settings)
            writer = explainer.writer
        else:
            library()
            explainer, writer = None, make_writer(settings)  # only to know what it is; the one on Ray is another
            with using_database(settings) as database:
                judge_catalogue(database, make_firewall(settings))
        absent = None if writer.engine is None else AbsentEngine.of(writer.engine)
        make = partial(_stages, settings, absent, writer.cues, order)
        several = make_url(settings.url).get_backend_name() != "sqlite"
        return cls(order, make, partial(make_writer, settings), explainer, several)


def processes_here() -> int:
    """Return how many processes prepare and store on this machine."""
    return min(os.cpu_count() or 1, _MOST_PROCESSES)


def pregenerated(parts: Parts, job: Job, users: Sequence[str], say: Say) -> tuple[Summary, Counts]:
    """Write the explanations of these users; return what came of it."""
    processes = job.processes or processes_here()
    begun, cpu_s = time.perf_counter(), 0.0
    if parts.explainer is None:
        storing = processes if parts.several_store else 1
        counts = run_ray(parts.make, parts.make_writer, job.style, users, say, processes, storing)
    else:
        workers = None if processes == 1 else (processes, parts.make)
        counts, cpu_s = run_local(parts.explainer, parts.order, users, say, workers)
    return counts.summary(time.perf_counter() - begun, cpu_s, job.price), counts


def _stages(settings: Settings, engine: AbsentEngine | None, cues: CueTable, order: Order) -> Stages:
    return Stages(make_helping_explainer(settings, engine, cues), order)
