"""Settings → working parts. The only place that knows which implementation stands behind which contract."""

from __future__ import annotations

import logging
from dataclasses import replace

from explainer.pipeline import Explainer
from explainer.settings import Settings
from explainer.storage.catalogue import dataset_row, load_items
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.tags import UserTags
from explainer.writing.engines import Engine
from explainer.writing.engines.choice import best_engine
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


def make_engine(settings: Settings) -> Engine | None:
    """Return the writing engine, or None for templates only.

    Raises:
        AssetError: If base model or adapter are missing, damaged, or don't belong together.
    """
    kind = best_engine(settings.base_model) if settings.engine == "auto" else settings.engine
    if kind == "none":
        return None
    # Imported here: torch and transformers take seconds, and no engine should wait for another's libraries.
    if kind == "transformers":
        from explainer.writing.engines.transformers_peft import TransformersEngine  # noqa: PLC0415

        return TransformersEngine(settings.base_model, settings.adapter, settings.cache)
    from explainer.tuning.export import gguf_of, merged_gguf  # noqa: PLC0415
    from explainer.writing.engines.openvino_genai import OpenVinoEngine  # noqa: PLC0415

    return OpenVinoEngine(merged_gguf(gguf_of(settings.base_model), settings.adapter, settings.cache))


def make_explainer(settings: Settings) -> Explainer:
    """Return the whole pipeline over the fitted model and the database.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        ModelFileError: If no recommender was fitted, or it was fitted on another catalogue.
        AssetError: If a model is missing.
    """
    database = Database(settings.url)
    database.require_current()
    model = _up_to_date(load_model(settings.models), database, settings)
    writer = Writer(PromptLibrary(), load_vocabulary, make_engine(settings), SqlDraftCache(database))
    return Explainer(database, model, writer)


def make_tags(settings: Settings) -> UserTags:
    """Return the users' tags over the database alone: they need no model.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
    """
    database = Database(settings.url)
    database.require_current()
    with database.session() as session:
        dataset = dataset_row(session)
        return UserTags(database, load_items(session), ValueScale(dataset.value_low, dataset.value_high))


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
