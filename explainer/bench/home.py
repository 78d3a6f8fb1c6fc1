"""A small shop of our own to measure: films of two genres, people who like one, the same every time."""

from __future__ import annotations

import random

from explainer.access.keys import create_key
from explainer.assembly import make_encoder
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.database import Database
from retriever.data import Behaviour, BehaviourKind, CleaningReport, Dataset, Item, read_dataset
from retriever.data.model import behaviour_id
from retriever.fit import fit
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.attentive import AttentiveConfig
from retriever.recommenders.content import ContentConfig
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.popularity import PopularityConfig

OWN = "own"
KEY = "bench"
_SEED = 7
_ITEMS, _USERS = 500, 400
_SHORTEST, _LONGEST = 10, 60
_GENRES = ("comedy", "drama", "western", "thriller", "romance", "war", "horror", "mystery", "adventure", "crime")
_ADJECTIVES = ("Silent", "Crimson", "Distant", "Broken", "Golden", "Hidden", "Last", "Restless", "Northern", "Paper")
_NOUNS = ("Harbour", "Garden", "Winter", "Orchard", "Signal", "River", "Station", "Letter", "Lantern", "Summer")
# As a fit on MovieLens 100K chose them, so that nothing has to be chosen: the parts cost what they cost there.
_PARTS = HybridConfig(
    parts=(
        EaseConfig(half_life=50.0, regularization=400.0),
        AlsConfig(alpha=0.3, half_life=20.0),
        AttentiveConfig(),
        ContentConfig(half_life=50.0, neighbours=10),
        PopularityConfig(),
    ),
    weights={"ease": 5.9, "als": 1.5, "attentive": 0.24, "content": 0.0044, "popularity": 0.0087},
)


def make_home(settings: Settings, source: str) -> None:
    """Fill a home with a dataset and a recommender fitted on it.

    Args:
        settings: Where to.
        source: ``own``, or what ``explainer ingest`` takes.
    """
    dataset, report = (own_dataset(), CleaningReport()) if source == OWN else read_dataset(source)
    fill(Database(settings.url), dataset, report)
    fit(dataset, make_encoder(settings), _PARTS).save(settings.models)


def fill(database: Database, dataset: Dataset, report: CleaningReport | None = None) -> None:
    """Bring a database to the newest schema and write a dataset to it."""
    database.migrate()
    with database.session() as session:
        catalogue.ingest(session, dataset, report or CleaningReport(), lambda _: None)


def copy_catalogue(origin: Database, target: Database) -> None:
    """Write what one database holds of items and behaviours to another, empty one."""
    with origin.session() as session:
        dataset = catalogue.load_dataset(session)
    fill(target, dataset)


def key_for(database: Database) -> str:
    """Return a new API key of the role app."""
    with database.session() as session:
        return create_key(session, KEY)


def users_of(database: Database, count: int) -> list[str]:
    """Return users evenly spaced from the most to the least active."""
    with database.session() as session:
        everyone = [user for user, _ in catalogue.users(session, 1_000_000)]
    return everyone[:: max(1, len(everyone) // count)][:count]


def own_dataset() -> Dataset:
    """Return the catalogue and what people did with it; depends on nothing but this file."""
    rng = random.Random(_SEED)
    items = [_item(number, rng) for number in range(_ITEMS)]
    behaviours = [one for number in range(_USERS) for one in _behaviours(f"u{number}", items, rng)]
    return Dataset("bench", "video", tuple(items), tuple(behaviours))


def _item(number: int, rng: random.Random) -> Item:
    name = f"The {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} {number}"
    return Item(f"i{number}", name, tuple(rng.sample(_GENRES, 2)), 1950 + number % 70)


def _behaviours(user: str, items: list[Item], rng: random.Random) -> list[Behaviour]:
    taste, at = rng.sample(_GENRES, 2), 1_700_000_000 + rng.randrange(10_000_000)
    found = []
    for item in rng.sample(items, rng.randint(_SHORTEST, _LONGEST)):
        value = float(rng.choice((4, 5)) if set(taste) & set(item.aspects) else rng.choice((1, 2, 3, 3)))
        at += rng.randrange(60, 100_000)
        kind = BehaviourKind.RATING
        found.append(Behaviour(behaviour_id(user, item.id, kind, at, value), user, item.id, kind, at, value))
    return found
