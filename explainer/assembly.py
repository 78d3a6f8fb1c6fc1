"""Settings → working parts. The only place that knows which implementation stands behind which contract."""

from __future__ import annotations

from explainer.pipeline import Explainer
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.engines import Engine
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.encoder import CachedEncoder, SentenceEncoder, TextEncoder
from retriever.store import load_model


def make_encoder(settings: Settings) -> TextEncoder:
    """Return the sentence encoder with its disk cache."""
    encoder = SentenceEncoder(settings.encoder, settings.encoder_precision)
    return CachedEncoder(encoder, settings.cache / "embeddings")


def make_engine(settings: Settings) -> Engine | None:
    """Return the writing engine, or None for templates only.

    Raises:
        AssetError: If base model or adapter are missing.
    """
    if settings.engine == "none":
        return None
    # torch and transformers take seconds to import; nothing that only needs templates should wait for them.
    from explainer.writing.engines.transformers_peft import TransformersEngine  # noqa: PLC0415

    return TransformersEngine(settings.base_model, settings.adapter, settings.cache)


def make_explainer(settings: Settings) -> Explainer:
    """Return the whole pipeline over the fitted model and the database.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        ModelFileError: If no recommender was fitted.
        AssetError: If a model is missing.
    """
    database = Database(settings.url)
    database.require_current()
    model = load_model(settings.models)
    writer = Writer(PromptLibrary(), load_vocabulary, make_engine(settings), SqlDraftCache(database))
    return Explainer(database, model, writer)
