"""Settings → working parts. The only place that knows which implementation stands behind which contract."""

from __future__ import annotations

import logging
from dataclasses import replace

from explainer.paths import adapter_dir
from explainer.pipeline import Explainer
from explainer.registry.adapters import AdapterRegistry
from explainer.registry.prompts import PromptRegistry
from explainer.settings import Settings
from explainer.storage.catalogue import dataset_row, load_items
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.prompts import SqlPromptChoice
from explainer.tags import UserTags
from explainer.writing.engines import Engine
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import ValueScale
from retriever.encoder import CachedEncoder, SentenceEncoder, TextEncoder, item_text
from retriever.errors import OtherDataError
from retriever.store import FittedModel, load_model

_log = logging.getLogger(__name__)


def make_encoder(settings: Settings) -> TextEncoder:
    """Return the sentence encoder with its disk cache."""
    encoder = SentenceEncoder(settings.encoder, settings.encoder_precision)
    return CachedEncoder(encoder, settings.cache / "embeddings")


def make_engine(settings: Settings, database: Database | None = None) -> Engine | None:
    """Return the writing engine, or None for templates only.

    Args:
        settings: Which engine, base and adapter.
        database: Where an adapter may be in production; without one, none is.

    Raises:
        AssetError: If base model or adapter are missing.
        RegistryError: If the adapter in production is not what was registered, or not for this base.
    """
    if settings.engine == "none":
        return None
    # torch and transformers take seconds to import; nothing that only needs templates should wait for them.
    from explainer.writing.engines.transformers_peft import TransformersEngine  # noqa: PLC0415

    adapter = settings.adapter
    if adapter is None and database is not None:
        adapter = make_adapters(settings, database).production_folder()
    return TransformersEngine(settings.base_model, adapter or adapter_dir("en"), settings.cache)


def make_adapters(settings: Settings, database: Database | None = None) -> AdapterRegistry:
    """Return the registry of adapters for the base model in use.

    Raises:
        NotReadyError: If the schema is old.
    """

    def base_hash() -> str:
        from explainer.writing.engines.base_model import resolve_base, weights_hash  # noqa: PLC0415  as above

        return weights_hash(resolve_base(settings.base_model, settings.cache))

    return AdapterRegistry(database or _current(settings), base_hash)


def make_prompts(settings: Settings) -> PromptRegistry:
    """Return the registry of prompts, which also knows those that lie on disk.

    Raises:
        NotReadyError: If the schema is old.
        PromptError: If templates cannot be read.
    """
    return PromptRegistry(_current(settings), PromptLibrary(settings.prompts), PromptLibrary())


def make_explainer(settings: Settings) -> Explainer:
    """Return the whole pipeline over the fitted model and the database.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        ModelFileError: If no recommender was fitted, or it was fitted on another catalogue.
        AssetError: If a model is missing.
    """
    database = _current(settings)
    model = _up_to_date(load_model(settings.models), database, settings)
    prompts = SqlPromptChoice(database, PromptLibrary(settings.prompts))
    writer = Writer(prompts, load_vocabulary, make_engine(settings, database), SqlDraftCache(database))
    return Explainer(database, model, writer)


def make_tags(settings: Settings) -> UserTags:
    """Return the users' tags over the database alone: they need no model.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
    """
    database = _current(settings)
    with database.session() as session:
        dataset = dataset_row(session)
        return UserTags(database, load_items(session), ValueScale(dataset.value_low, dataset.value_high))


def _current(settings: Settings) -> Database:
    database = Database(settings.url)
    database.require_current()
    return database


def _up_to_date(model: FittedModel, database: Database, settings: Settings) -> FittedModel:
    """Return the model with the items that came after its fit.

    Behaviours may come after a fit, too: they are what a recommender is asked about. Items that it was fitted on and
    that are gone or changed mean that it is another catalogue's.
    """
    with database.session() as session:
        items = load_items(session)
    held = {item.id: item for item in items}
    fitted = model.recommender.catalogue
    # Key phrases move as a catalogue grows; they raise no score, and the model keeps those of its fit.
    held_plain = {key: replace(item, phrases=()) for key, item in held.items()}
    changed = [item.id for item in fitted.items if held_plain.get(item.id) != replace(item, phrases=())]
    if changed:
        raise OtherDataError(
            f"The recommender under {settings.models} was fitted on another catalogue than the database holds: "
            f"{len(changed)} of its {len(fitted)} items are missing or described otherwise, the first is "
            f"{changed[0]!r}. Fit again: explainer fit"
        )
    new = tuple(item for item in items if item.id not in fitted)
    if not new:
        return model
    _log.warning("%d items came after the fit: content alone speaks for them until you run: explainer fit", len(new))
    return model.extended(new, make_encoder(settings).encode([item_text(item) for item in new]))
