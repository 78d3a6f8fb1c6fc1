"""Settings → what writes: engine, adapter, prompts and cues, at the start and whenever another adapter is promoted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from explainer.connecting import current_database, using_database
from explainer.errors import AssetError, NotFoundError, RegistryError, SettingsError
from explainer.evidence.firewall import PrivateWords, load_lists
from explainer.paths import adapter_dir
from explainer.registry.adapters import AdapterRegistry
from explainer.registry.prompts import PromptRegistry
from explainer.service.starts import note_writer
from explainer.service.succession import NONE_LOADED, Heirs
from explainer.settings import Settings
from explainer.storage.adapters import wanted
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.prompts import SqlPromptChoice
from explainer.storage.turns import turn
from explainer.writing.cues import CueTable
from explainer.writing.engines import Engine
from explainer.writing.engines.base_file import ADAPTER_PLACE, base_source, short_hash
from explainer.writing.engines.choice import best_engine
from explainer.writing.engines.skills import Skills
from explainer.writing.limits import Limits
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer

if TYPE_CHECKING:
    from explainer.writing.engines.remote import Remote

_log = logging.getLogger(__name__)
_LONGEST_TURN_S = 600.0


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

    return AdapterRegistry(database or current_database(settings), cache(base_hash))  # it reads all of the base


def make_prompts(settings: Settings, database: Database | None = None) -> PromptRegistry:
    """Return the registry of prompts, which also knows those that lie on disk.

    Raises:
        NotReadyError: If the schema is old.
        PromptError: If templates cannot be read.
    """
    return PromptRegistry(database or current_database(settings), PromptLibrary(settings.prompts), PromptLibrary())


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


def make_writer(settings: Settings) -> Writer:
    """Return the writer with its engine, for a process that does nothing but write.

    Raises:
        NotReadyError: If the schema is old.
        AssetError: If a model is missing.
        SettingsError: If the settings of a server, or the lists of what is private, can't be used.
    """
    database, private_words = current_database(settings), make_private_words(settings)
    return writer_with(settings, database, loaded_writer(settings, database), private_words)


def make_private_words(settings: Settings) -> PrivateWords:
    """Return what no text says: the terms of the shipped lists, and of an operator's own.

    Raises:
        SettingsError: If the lists cannot be used.
    """
    return load_lists(None, settings.sensitive_lists).words


def writer_with(settings: Settings, database: Database, loaded: Loaded, private_words: PrivateWords) -> Writer:
    """Return the writer with what was loaded for it.

    Args:
        settings: Where prompts may lie.
        database: Knows which of them are in use, and remembers drafts.
        loaded: What writes.
        private_words: What no text says.
    """
    prompts = SqlPromptChoice(database, PromptLibrary(settings.prompts))
    cache = SqlDraftCache(database)
    return Writer(prompts, load_vocabulary, loaded.engine, cache, loaded.cues, private_words=private_words)


def make_heirs(settings: Settings) -> Heirs | None:
    """Return what makes the writer anew after another adapter came into production; None where that changes nothing.

    Raises:
        SettingsError: If the lists of what is private cannot be used.
    """
    if settings.engine == "none" or settings.adapter is not None:
        return None

    adapters = cache(partial(make_adapters, settings))
    private_words = make_private_words(settings)  # once, like all else that a process knows of it

    def load(database: Database, version: str | None) -> Writer:
        _require_place(settings)
        loaded = _queued(settings, _loaded_with(settings, adapters(database), version))
        return writer_with(settings, database, loaded, private_words)

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
class Loaded:
    """What writes, how texts may begin, and what the reader of the service's health should know."""

    engine: Engine | None = None
    cues: CueTable | None = None
    notes: tuple[str, ...] = ()
    adapter: str | None = None


def loaded_writer(settings: Settings, database: Database) -> Loaded:
    """Return what writes with the adapter in production.

    Raises:
        AssetError: If a model is missing.
        RegistryError: If the adapter in production is not what was registered, or not for this base.
        SettingsError: If the settings of a server can't be used.
    """
    if settings.engine == "none":
        return Loaded()
    return _loaded_with(settings, make_adapters(settings, database), _in_production(database))


def _in_production(database: Database) -> str | None:
    with database.look() as connection:
        return wanted(connection, "en").version


def _loaded_with(settings: Settings, adapters: AdapterRegistry, version: str | None) -> Loaded:
    """Return what writes with an adapter; engine and cues are of the same one, whatever is promoted meanwhile."""
    folder = settings.adapter
    if folder is None:
        folder = adapter_dir("en") if version is None else adapters.folder(version)
    chosen = settings.model_copy(update={"adapter": folder})
    return Loaded(make_engine(chosen), make_cues(chosen), adapter=version)


def served_writer(settings: Settings, database: Database) -> Loaded:
    """Return it behind a queue, as a service has it; where it cannot be loaded, what says so."""
    try:
        return _queued(settings, loaded_writer(settings, database))
    except (AssetError, RegistryError, NotFoundError) as error:
        _log.warning("Texts come from templates until the language model can be loaded: %s", error)
        # Health is for everybody to read: no paths.
        note = "Texts come from templates: the language model could not be loaded, the log says why."
        return Loaded(notes=(note,), adapter=NONE_LOADED)


def _queued(settings: Settings, loaded: Loaded) -> Loaded:
    """Return it with its engine behind a queue, where many may ask for texts at once."""
    if loaded.engine is None:
        return loaded
    limits = Limits(settings.batch, settings.wait_ms / 1000, settings.backlog, settings.deadline_s)
    return replace(loaded, engine=BatchingEngine(loaded.engine, limits))
