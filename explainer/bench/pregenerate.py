"""How fast explanations are written before anybody asks, beside one call of the language model for each of them."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
from sqlalchemy import select

from explainer.bench.course import Clock, Course, course_of, held
from explainer.bench.errors import BenchError
from explainer.bench.home import make_home, users_of
from explainer.errors import MissingLibraryError
from explainer.loading import adapter_in_use
from explainer.pregeneration import Job, Parts, pregenerated, processes_here
from explainer.service.pregenerate import Summary
from explainer.service.pregenerate.stages import Stages
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.engines import Sampling
from explainer.writing.engines.skills import Skills
from explainer.writing.engines.transformers_peft import TransformersEngine

_EVERYBODY = 1_000_000_000
_SAMPLE_USERS, _SAMPLE_PAIRS = 10, 20
_PART, _FEWEST_IN_PART = 5, 3
_TELL_EVERY_S = 10.0
_ROW = ExplanationRow
_TEXT = (_ROW.user_id, _ROW.item_id, _ROW.text, _ROW.draft, _ROW.source, _ROW.prompt_hash)
Say = Callable[[str], None]


class Pregenerated(msgspec.Struct, frozen=True):
    """What was measured.

    Attributes:
        per_s: Explanations stored in a second by the local runner; it has the language model loaded, and its helping
            processes start and load the recommender within these seconds.
        dedup_ratio: Texts to each distinct prompt.
        vs_per_pair: ``per_s`` over what one call of ``transformers`` for each pair would make in a second.
        ray_vs_local: Seconds that Ray takes over those of the local runner, both with loading; None without Ray.
        per_pair_per_s: Pairs in a second by such calls; those that no model writes for cost them nothing.
        users: Users,
        pairs: and explanations.
        prompts: Distinct prompts.
        by_model: Share of texts that the model wrote, 0 to 1.
        cpu_s_per_1000: Processor seconds that a thousand explanations took.
        seconds: How long the local runner took, as ``per_s`` counts.
        same_rows: Whether Ray has stored the same texts; None without Ray.
        part: What writing for a fifth of them, drawn by chance, came to; None where these are too few,
        whole: and for all, by the local runner: the capacity model predicts the one from the other.
    """

    per_s: float
    dedup_ratio: float
    vs_per_pair: float
    ray_vs_local: float | None
    per_pair_per_s: float
    users: int
    pairs: int
    prompts: int
    by_model: float
    cpu_s_per_1000: float
    seconds: float
    same_rows: bool | None
    part: Course | None
    whole: Course


def measure(home: Path, data: str, users: int | None, say: Say) -> Pregenerated:
    """Return the figures of writing for the users of a dataset, ten items each.

    Args:
        home: Scratch folder; a recommender that is there already is used.
        data: ``own``, or what ``explainer ingest`` takes.
        users: How many of its users, from the most to the least active; None for all.
        say: Is told what is done.

    Raises:
        BenchError: If something could not be written.
    """
    settings = Settings(home=home, database_url=None, engine="openvino")
    if not settings.models.is_dir():
        say("fitting a recommender")
        make_home(settings, data)
    say("loading models")
    Parts.load(settings, Job())  # what is made only once must not count for whoever comes first
    chosen = users_of(Database(settings.url), _EVERYBODY if users is None else users)
    part = _part(settings, chosen, say)
    say(f"writing for {len(chosen)} users")
    local, local_s, whole = _run(settings, "local", chosen, say)
    try:
        say("the same on Ray")
        _, ray_s, _ = _run(settings, "ray", chosen, say)
    except MissingLibraryError as error:
        say(str(error))
        ray_s = None
    say("one call for each pair")
    per_pair = _per_pair(settings, chosen)
    return Pregenerated(
        per_s=local.per_s,
        dedup_ratio=local.dedup_ratio,
        vs_per_pair=local.per_s / per_pair,
        ray_vs_local=None if ray_s is None else ray_s / local_s,
        per_pair_per_s=per_pair,
        users=local.users,
        pairs=local.stored,
        prompts=local.prompts,
        by_model=local.by_model / local.stored,
        cpu_s_per_1000=local.cpu_s_per_1000,
        seconds=local.seconds,
        same_rows=None if ray_s is None else texts(_url(settings, "local")) == texts(_url(settings, "ray")),
        part=part,
        whole=whole,
    )


def _part(settings: Settings, users: Sequence[str], say: Say) -> Course | None:
    """Return what writing for a fifth of the users comes to."""
    some = random.Random(0).sample(users, len(users) // _PART)
    if len(some) < _FEWEST_IN_PART:
        return None
    say(f"writing for {len(some)} of {len(users)} users, to foretell the whole")
    return _run(settings, "local", some, say, "part")[2]


def _run(settings: Settings, runner: str, users: list[str], say: Say, name: str = "") -> tuple[Summary, float, Course]:
    """Write with a runner, in a database of its own; return what came of it and the seconds with loading."""
    job, here = Job(runner=runner), copied(settings, name or runner)
    database = Database(here.url)
    before = held(database)
    begun, clock = time.perf_counter(), Clock()
    told = 0.0

    def step(what: str, done: int, total: int) -> None:
        nonlocal told
        clock.ended(what)
        if time.perf_counter() - told > _TELL_EVERY_S:
            told = time.perf_counter()
            say(f"{runner}: {done} of {total} {what}")

    parts = Parts.load(here, job)
    clock.begin()
    summary, counts = pregenerated(parts, job, users, step)
    seconds = time.perf_counter() - begun
    if summary.failed or not summary.stored:
        raise BenchError(f"{summary.failed} explanations could not be written, the first: {counts.failed[:1]}")
    course = course_of(database, users, before, clock, job.processes or processes_here(), job.k)
    database.engine.dispose()
    return summary, seconds, course


def copied(settings: Settings, name: str) -> Settings:
    """Return the settings over a copy of the database, in place of an earlier copy."""
    copy = settings.home / f"{name}.db"
    for old in settings.home.glob(f"{copy.name}*"):
        old.unlink()
    with closing(sqlite3.connect(settings.home / "explainer.db")) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return settings.model_copy(update={"database_url": _url(settings, name)})


def _url(settings: Settings, name: str) -> str:
    return f"sqlite:///{settings.home / name}.db"


def texts(url: str) -> Counter[tuple[str, ...]]:
    """Return what a database's explanations say, of what and to whom, and how often each is there."""
    database = Database(url)
    with database.session() as session:
        found = Counter(tuple(row) for row in session.execute(select(*_TEXT)))
    database.engine.dispose()
    return found


def _per_pair(settings: Settings, users: list[str]) -> float:
    """Return how many pairs a second there would be with one call of ``transformers`` for each, of a sample."""
    parts = Parts.load(copied(settings, "sample"), Job())
    if parts.explainer is None:
        raise BenchError("The local runner has no pipeline.")
    few = users[:: max(1, len(users) // _SAMPLE_USERS)][:_SAMPLE_USERS]
    plans = Stages(parts.explainer, parts.order).prepare(few).plans
    plans = plans[:: max(1, len(plans) // _SAMPLE_PAIRS)][:_SAMPLE_PAIRS]
    prompts = [plan.asked.prompt for plan in plans if plan.asked is not None]
    adapter = adapter_in_use(settings)
    engine = TransformersEngine(settings.base_model, adapter, settings.cache, skills=Skills.of(adapter))
    engine.write(prompts[:1], Sampling())  # the first one is slower
    begun = time.perf_counter()
    for prompt in prompts:
        engine.write([prompt], Sampling())
    return len(plans) / (time.perf_counter() - begun)
