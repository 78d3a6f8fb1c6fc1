"""What the engine and the queue in front of it are doing, for those who watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.service.presence import differ
from explainer.service.signing import Apart, apart
from explainer.storage.job_counts import Death, Depth, deaths, depths
from explainer.storage.job_tables import ProcessRow
from explainer.storage.jobs import UPGRADE
from explainer.storage.months import month_note
from explainer.storage.processes import present
from explainer.writing.engines.endpoint_state import EndpointState
from explainer.writing.limits import Counters
from explainer.writing.worker import BatchingEngine

_MOST = 20


@dataclass(frozen=True, slots=True)
class EngineState:
    """The present state.

    Attributes:
        name: Of the engine; None where templates write.
        model_hash: Of its base model,
        adapter_hash: and of its adapter.
        locales: Languages that it writes.
        taken: Requests that wait for it,
        places: and how many may.
        upgrades: Texts that may still be asked for behind an answer; None where nothing betters them.
        endpoints: The servers that write, as this process sees them; none if it writes itself.
        counters: What was done since the start; None for an engine without a queue of its own.
        recommender: Name of what ranks,
        recommender_version: and its hash.
        notes: What the service does without, and what is amiss.
        jobs: How the queue of jobs stands,
        deaths: why jobs were given up,
        processes: and which processes are there.
        differ: Whether these work with different things,
        apart: and in what those that sign the audit log differ.
    """

    name: str | None
    model_hash: str
    adapter_hash: str
    locales: tuple[str, ...]
    taken: int
    places: int
    upgrades: int | None
    endpoints: tuple[EndpointState, ...]
    counters: Counters | None
    recommender: str
    recommender_version: str
    notes: tuple[str, ...]
    jobs: Sequence[Depth]
    deaths: Sequence[Death]
    processes: Sequence[ProcessRow]
    differ: bool
    apart: tuple[Apart, ...]


def engine_state(explainer: Explainer, admission: Admission) -> EngineState:
    """Return what is going on now."""
    engine = explainer.writer.engine
    with explainer.database.look() as connection:
        jobs, given_up, processes = depths(connection), deaths(connection, _MOST), present(connection)
        month = month_note(connection)
    return EngineState(
        name=None if engine is None else engine.name,
        model_hash="" if engine is None else engine.model_hash,
        adapter_hash="" if engine is None else engine.adapter_hash,
        locales=() if engine is None else tuple(sorted(engine.locales)),
        taken=admission.taken,
        places=admission.places,
        upgrades=None if explainer.afterwards is None or engine is None else explainer.afterwards.room(UPGRADE),
        endpoints=engine.endpoints if isinstance(engine, BatchingEngine) else (),
        counters=engine.counters if isinstance(engine, BatchingEngine) else None,
        recommender=explainer.model.recommender.name,
        recommender_version=explainer.model.version,
        notes=(*explainer.notes, *([month] if month else [])),
        jobs=jobs,
        deaths=given_up,
        processes=processes,
        differ=differ(processes),
        apart=apart(processes),
    )
