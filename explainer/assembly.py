"""Settings → working parts. The only place that knows which implementation stands behind which contract.

What writes is made in :mod:`explainer.loading`, the database in :mod:`explainer.connecting`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from explainer.connecting import current_database
from explainer.evidence.firewall import Firewall, Lists, load_lists
from explainer.loading import Loaded, loaded_writer, make_private_words, served_writer, writer_with
from explainer.pipeline import Explainer
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobPolicy, JobQueue
from explainer.service.live import with_later_items
from explainer.settings import Settings
from explainer.storage.additions import changed_by_service
from explainer.storage.catalogue import dataset_row, load_items
from explainer.storage.database import Database
from explainer.storage.jobs import KINDS
from explainer.tags import UserTags
from explainer.writing.cues import CueTable
from explainer.writing.engines.absent import AbsentEngine
from retriever.data import ValueScale
from retriever.encoder import CachedEncoder, SentenceEncoder, TextEncoder
from retriever.errors import OtherDataError
from retriever.index import IndexMaker, make_index
from retriever.store import FittedModel, load_model

_log = logging.getLogger(__name__)


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


def make_explainer(settings: Settings) -> Explainer:
    """Return the whole pipeline over the fitted model and the database.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        ModelFileError: If no recommender was fitted, or it was fitted on another catalogue.
        AssetError: If a model is missing.
        SettingsError: If the settings of a server can't be used.
    """
    return _explainer(settings, lambda database: loaded_writer(settings, database))


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
    explainer = _explainer(settings, lambda database: served_writer(settings, database))
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
        SettingsError: If the lists of what is private cannot be used.
    """
    database, firewall = current_database(settings), make_firewall(settings)
    model = load_model(settings.models)
    model = _up_to_date(model, database, settings, make_items_index(settings, database, model))
    writer = writer_with(settings, database, Loaded(engine, cues), firewall.words)
    made = Explainer(database, model, writer, firewall=firewall)
    made.review_percent = settings.review_percent
    return made


def _explainer(settings: Settings, load: Callable[[Database], Loaded]) -> Explainer:
    database, firewall = current_database(settings), make_firewall(settings)
    model = load_model(settings.models)
    index = make_items_index(settings, database, model)
    model = _up_to_date(model, database, settings, index)
    loaded = load(database)  # last: it takes the longest
    writer = writer_with(settings, database, loaded, firewall.words)
    made = Explainer(database, model, writer, notes=loaded.notes, firewall=firewall)
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
        SettingsError: If the lists of what is private cannot be used.
    """
    database, private_words = current_database(settings), make_private_words(settings)
    with database.session() as session:
        dataset = dataset_row(session)
        scale = ValueScale(dataset.value_low, dataset.value_high)
        return UserTags(database, load_items(session), scale, private_words)


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
