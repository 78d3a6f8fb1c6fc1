"""Settings → working parts. The only place that knows which implementation stands behind which contract."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from explainer.errors import AssetError, NotFoundError, RegistryError, SettingsError
from explainer.evidence.firewall import Firewall, Lists, load_lists
from explainer.paths import adapter_dir
from explainer.pipeline import Explainer
from explainer.registry.adapters import AdapterRegistry
from explainer.registry.prompts import PromptRegistry
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobPolicy, JobQueue
from explainer.service.live import with_later_items
from explainer.service.starts import note_writer
from explainer.service.succession import NONE_LOADED, Heirs
from explainer.settings import Settings
from explainer.storage.adapters import wanted
from explainer.storage.additions import changed_by_service
from explainer.storage.catalogue import dataset_row, load_items
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.jobs import KINDS
from explainer.storage.pools import PoolConfig
from explainer.storage.prompts import SqlPromptChoice
from explainer.storage.turns import turn
from explainer.tags import UserTags
from explainer.writing.cues import CueTable
from explainer.writing.engines import Engine
from explainer.writing.engines.absent import AbsentEngine
from explainer.writing.engines.base_file import ADAPTER_PLACE, base_source, short_hash
from explainer.writing.engines.choice import best_engine
from explainer.writing.engines.skills import Skills
from explainer.writing.limits import Limits
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from retriever.data import ValueScale
from retriever.encoder import CachedEncoder, SentenceEncoder, TextEncoder
from retriever.errors import OtherDataError
from retriever.index import IndexMaker, make_index
from retriever.store import FittedModel, load_model

if TYPE_CHECKING:
    from explainer.writing.engines.remote import Remote

_log = logging.getLogger(__name__)
_LONGEST_TURN_S = 600.0


def make_encoder(settings: Settings) -> TextEncoder:
    """Return the sentence encoder with its disk cache."""
    encoder = SentenceEncoder(settings.encoder, settings.encoder_precision)
    return CachedEncoder(encoder, settings.cache / "embeddings")


def make_lists(settings: Settings) -> Lists:
    """Return the lists of what is private.

    Raises:
        SettingsError: If the settings name a category that there is not, or lists that cannot be used.
    """
    return load_lists(settings.sensitive, settings.sensitive_lists)


def make_firewall(settings: Settings) -> Firewall:
    """Return what judges items by these lists.

    Raises:
        SettingsError: If the lists cannot be used with the encoder.
    """
    return Firewall(make_lists(settings), make_encoder(settings))


def make_engine(settings: Settings, database: Database | None = None) -> Engine | None:
    """Return the writing engine, or None for templates only.

    Args:
        settings: Which engine, base and adapter.
        database: Where an adapter may be in production; without one, none is.

    Raises:
        AssetError: If base model or adapter are missing, damaged, or don't belong together.
        SettingsError: If the settings of a server can't be used.
        RegistryError: If the adapter in production is not what was registered, or not for this base.
    """
    kind = best_engine(settings.base_model) if settings.engine == "auto" else settings.engine
    if kind == "none":
        return None
    adapter = adapter_in_use(settings, database)
    skills = Skills.of(adapter)
    if kind == "openai":
        return _openai_engine(settings, adapter, skills)
    # Imported here: torch and transformers take seconds, and no engine should wait for another's libraries.
    if kind == "transformers":
        from explainer.writing.engines.transformers_peft import TransformersEngine  # noqa: PLC0415

        return TransformersEngine(settings.base_model, adapter, settings.cache, skills=skills)
    from explainer.tuning.export import gguf_of, merged_gguf  # noqa: PLC0415
    from explainer.writing.engines.openvino_genai import OpenVinoEngine  # noqa: PLC0415

    return OpenVinoEngine(merged_gguf(gguf_of(settings.base_model), adapter, settings.cache), skills=skills)


def adapter_in_use(settings: Settings, database: Database | None = None) -> Path:
    """Return the folder of the adapter: the one that is set, else the one in production, else the shipped one.

    Raises:
        RegistryError: If the adapter in production is not what was registered, or not for this base.
    """
    if settings.adapter is not None:
        return settings.adapter
    in_production = None if database is None else make_adapters(settings, database).production_folder()
    return in_production or adapter_dir("en")


def make_adapters(settings: Settings, database: Database | None = None) -> AdapterRegistry:
    """Return the registry of adapters for the base model in use.

    Raises:
        NotReadyError: If the schema is old.
    """

    def base_hash() -> str:
        from explainer.writing.engines.weights import weights_hash  # noqa: PLC0415  as above

        return weights_hash(base_source(settings.base_model))

    return AdapterRegistry(database or _current(settings), cache(base_hash))  # it reads all of the base


def make_prompts(settings: Settings, database: Database | None = None) -> PromptRegistry:
    """Return the registry of prompts, which also knows those that lie on disk.

    Raises:
        NotReadyError: If the schema is old.
        PromptError: If templates cannot be read.
    """
    return PromptRegistry(database or _current(settings), PromptLibrary(settings.prompts), PromptLibrary())


def make_cues(settings: Settings, database: Database | None = None) -> CueTable:
    """Return how texts may begin, as the adapter in use learnt it.

    Raises:
        AssetError: If the adapter has no such table.
    """
    return CueTable.load(adapter_in_use(settings, database))


def _openai_engine(settings: Settings, adapter: Path, skills: Skills) -> Engine:
    from explainer.writing.engines.openai_compatible import OpenAIEngine  # noqa: PLC0415  asyncio and HTTP, as above

    return OpenAIEngine(*make_remotes(settings, adapter), deadline_s=settings.deadline_s, skills=skills)


def make_remotes(settings: Settings, adapter: Path | None = None) -> list[Remote]:
    """Return the servers of the engine ``openai``.

    Args:
        settings: Where they are, and the name that they are asked for.
        adapter: Stands in that name; by default the one in use.

    Raises:
        SettingsError: If the settings of a server can't be used.
        AssetError: If the name holds an adapter's hash, and there is no adapter.
    """
    from explainer.writing.engines.addresses import addresses  # noqa: PLC0415  as above
    from explainer.writing.engines.remote import Remote  # noqa: PLC0415

    model = _asked_for(settings, adapter)
    remotes = [
        Remote(
            address.url,
            model,
            settings.openai_key,
            settings.openai_timeout_s,
            address.limit or settings.openai_concurrency,
        )
        for address in addresses(settings.openai_url)
    ]
    if len({remote.url for remote in remotes}) < len(remotes):
        raise SettingsError("EXPLAINER_OPENAI_URL names a server twice; give it a higher ;limit= instead.")
    return remotes


def _asked_for(settings: Settings, adapter: Path | None) -> str:
    """Return the name that servers are asked for, with the adapter's hash where the setting leaves a place for it."""
    if ADAPTER_PLACE not in settings.openai_model:
        return settings.openai_model
    if adapter is None:
        with using_database(settings) as database:
            adapter = adapter_in_use(settings, database)
    return settings.openai_model.replace(ADAPTER_PLACE, short_hash(adapter))


def make_explainer(settings: Settings) -> Explainer:
    """Return the whole pipeline over the fitted model and the database.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        ModelFileError: If no recommender was fitted, or it was fitted on another catalogue.
        AssetError: If a model is missing.
        SettingsError: If the settings of a server can't be used.
    """
    return _explainer(settings, lambda database: _loaded(settings, database))


def make_afterwork(settings: Settings, database: Database, kinds: Collection[str] | None = None) -> Afterwork:
    """Return what stores the jobs that answers leave, and does them.

    Args:
        settings: How long who does them may be silent, and whether processes that serve do.
        database: Where they are.
        kinds: What this process does, whatever the settings say.
    """
    usual = KINDS if settings.jobs == "here" else ()
    policy = JobPolicy(lease_s=settings.job_lease_s)
    return Afterwork(JobQueue(database, policy), usual if kinds is None else kinds)


def make_served_explainer(settings: Settings) -> Explainer:
    """Return the pipeline for a service: its engine writes for many at once, and without it templates do.

    Whoever runs a command sees its error and mends it; a service that would not start for want of a language model
    would take the recommendations with it.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        ModelFileError: If no recommender was fitted, or it was fitted on another catalogue.
        SettingsError: If the settings of a server can't be used.
    """
    explainer = _explainer(settings, lambda database: _served_engine(settings, database))
    explainer.afterwards = make_afterwork(settings, explainer.database)
    return explainer


def make_helping_explainer(settings: Settings, engine: AbsentEngine | None, cues: CueTable | None) -> Explainer:
    """Return the pipeline for a process that helps another one, which has the engine.

    Args:
        settings: As for the other one.
        engine: What stands for its engine.
        cues: How its texts may begin.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        ModelFileError: If no recommender was fitted, or it was fitted on another catalogue.
    """
    database = _current(settings)
    model = load_model(settings.models)
    model = _up_to_date(model, database, settings, make_items_index(settings, database, model))
    made = Explainer(database, model, _writer(settings, database, _Loaded(engine, cues)))
    made.review_percent = settings.review_percent
    return made


def make_writer(settings: Settings) -> Writer:
    """Return the writer with its engine, for a process that does nothing but write.

    Raises:
        NotReadyError: If the schema is old.
        AssetError: If a model is missing.
        SettingsError: If the settings of a server can't be used.
    """
    database = _current(settings)
    return _writer(settings, database, _loaded(settings, database))


def _writer(settings: Settings, database: Database, loaded: _Loaded) -> Writer:
    prompts = SqlPromptChoice(database, PromptLibrary(settings.prompts))
    return Writer(prompts, load_vocabulary, loaded.engine, SqlDraftCache(database), loaded.cues)


def make_heirs(settings: Settings) -> Heirs | None:
    """Return what makes the writer anew after another adapter came into production; None where that changes nothing."""
    if settings.engine == "none" or settings.adapter is not None:
        return None

    adapters = cache(partial(make_adapters, settings))

    def load(database: Database, version: str | None) -> Writer:
        _require_place(settings)
        return _writer(settings, database, _queued(settings, _loaded_with(settings, adapters(database), version)))

    return Heirs(load, partial(note_writer, settings), settings.deadline_s, partial(_turn_of_host, settings.cache))


@contextmanager
def _turn_of_host(cache: Path) -> Iterator[None]:
    """Let the processes that share a cache merge, load and try one after the other."""
    cache.mkdir(parents=True, exist_ok=True)
    with turn(cache / "taking-up.lock", _LONGEST_TURN_S, look_every_s=0.1):
        yield


def _require_place(settings: Settings) -> None:
    """Check that servers would be asked for another adapter: a name that never changes is of the old one for good."""
    if settings.engine == "openai" and ADAPTER_PLACE not in settings.openai_model:
        raise SettingsError(
            f"EXPLAINER_OPENAI_MODEL names one adapter for good ({settings.openai_model}): write "
            f"explainer-{ADAPTER_PLACE}, let the servers have adapters by such names, and start anew."
        )


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What writes, how texts may begin, and what the reader of the service's health should know."""

    engine: Engine | None = None
    cues: CueTable | None = None
    notes: tuple[str, ...] = ()
    adapter: str | None = None


def _loaded(settings: Settings, database: Database) -> _Loaded:
    if settings.engine == "none":
        return _Loaded()
    return _loaded_with(settings, make_adapters(settings, database), _in_production(database))


def _in_production(database: Database) -> str | None:
    with database.look() as connection:
        return wanted(connection, "en").version


def _loaded_with(settings: Settings, adapters: AdapterRegistry, version: str | None) -> _Loaded:
    """Return what writes with an adapter; engine and cues are of the same one, whatever is promoted meanwhile."""
    folder = settings.adapter
    if folder is None:
        folder = adapter_dir("en") if version is None else adapters.folder(version)
    chosen = settings.model_copy(update={"adapter": folder})
    return _Loaded(make_engine(chosen), make_cues(chosen), adapter=version)


def _served_engine(settings: Settings, database: Database) -> _Loaded:
    try:
        return _queued(settings, _loaded(settings, database))
    except (AssetError, RegistryError, NotFoundError) as error:
        _log.warning("Texts come from templates until the language model can be loaded: %s", error)
        # Health is for everybody to read: no paths.
        note = "Texts come from templates: the language model could not be loaded, the log says why."
        return _Loaded(notes=(note,), adapter=NONE_LOADED)


def _queued(settings: Settings, loaded: _Loaded) -> _Loaded:
    """Return it with its engine behind a queue, where many may ask for texts at once."""
    if loaded.engine is None:
        return loaded
    limits = Limits(settings.batch, settings.wait_ms / 1000, settings.backlog, settings.deadline_s)
    return replace(loaded, engine=BatchingEngine(loaded.engine, limits))


def _explainer(settings: Settings, load: Callable[[Database], _Loaded]) -> Explainer:
    database, firewall = _current(settings), make_firewall(settings)
    model = load_model(settings.models)
    index = make_items_index(settings, database, model)
    model = _up_to_date(model, database, settings, index)
    loaded = load(database)  # last: it takes the longest
    made = Explainer(database, model, _writer(settings, database, loaded), notes=loaded.notes, firewall=firewall)
    made.review_percent, made.adapter = settings.review_percent, loaded.adapter
    made.index = index
    return made


def make_items_index(settings: Settings, database: Database, model: FittedModel) -> IndexMaker:
    """Return what makes an index over items' embeddings; with pgvector, those of the model are stored then.

    Raises:
        NotReadyError: If the database has no place for embeddings.
    """
    if settings.index == "memory":
        return make_index
    from explainer.storage.vectors.nearest import PgVectorMaker  # noqa: PLC0415  few use it

    index = PgVectorMaker(database, model.encoder)
    index(model.embeddings)
    return index


def make_tags(settings: Settings) -> UserTags:
    """Return the users' tags over the database alone: they need no model.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
    """
    database = _current(settings)
    with database.session() as session:
        dataset = dataset_row(session)
        return UserTags(database, load_items(session), ValueScale(dataset.value_low, dataset.value_high))


def make_database(settings: Settings) -> Database:
    """Return the database with its replicas.

    Raises:
        NotReadyError: If a URL makes no sense.
    """
    pool = PoolConfig(
        settings.pool_size,
        settings.pool_overflow,
        settings.pool_timeout_s,
        settings.pool_recycle_s,
        settings.pool_ping,
        settings.pool_prepare,
    )
    return Database(settings.url, settings.database_replicas, pool, settings.database_direct)


@contextmanager
def using_database(settings: Settings) -> Iterator[Database]:
    """Yield the database for the block; its connections are closed behind it.

    Raises:
        NotReadyError: If a URL makes no sense.
    """
    database = make_database(settings)
    try:
        yield database
    finally:
        database.engine.dispose()


def _current(settings: Settings) -> Database:
    database = make_database(settings)
    database.require_current()
    return database


def _up_to_date(model: FittedModel, database: Database, settings: Settings, index: IndexMaker) -> FittedModel:
    """Return the model with the items that came after its fit.

    Behaviours may come after a fit, too: they are what a recommender is asked about. So may other descriptions, when
    the service took them; they come into force at the next fit, and until then every reason is one that the recommender
    knows. Items that it was fitted on and that are gone, or that nobody told the service to describe otherwise, mean
    that it is another catalogue's.
    """
    with database.session() as session:
        items, told = load_items(session), changed_by_service(session)
    held = {item.id: item for item in items}
    fitted = model.recommender.catalogue
    # Key phrases move as a catalogue grows; they raise no score, and the model keeps those of its fit.
    held_plain = {key: replace(item, phrases=()) for key, item in held.items()}
    changed = [item.id for item in fitted.items if held_plain.get(item.id) != replace(item, phrases=())]
    strange = [item for item in changed if item not in held or item not in told]
    if strange:
        raise OtherDataError(
            f"The recommender under {settings.models} was fitted on another catalogue than the database holds: "
            f"{len(strange)} of its {len(fitted)} items are missing or described otherwise, the first is "
            f"{strange[0]!r}. Fit again: explainer fit"
        )
    if changed:
        _log.warning("%d items are described otherwise since the fit; that counts after: explainer fit", len(changed))
    new = tuple(item for item in items if item.id not in fitted)
    if not new:
        return model
    _log.warning("%d items came after the fit: content alone speaks for them until you run: explainer fit", len(new))
    return with_later_items(model, new, make_encoder(settings), index) if model.takes_later_items else model
