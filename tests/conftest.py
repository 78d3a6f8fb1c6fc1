"""Shared fixtures: a small catalogue of our own, a fitted model on it, a database that holds it."""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from argon2 import PasswordHasher

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before any library reads it: tests never ask a hub
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # and never spin on cores that others use, too

from explainer.paths import adapter_dir
from explainer.pipeline import Explainer
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import Behaviour, BehaviourKind, CleaningReport, Dataset, Item
from retriever.data.model import behaviour_id
from retriever.fit import fit
from retriever.garbage import collect_seldom
from retriever.recommenders.content import ContentConfig
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.popularity import PopularityConfig
from retriever.store import FittedModel
from tests.databases import ON_POSTGRESQL, Databases, asks_for_postgresql, databases, new_url, without_nul

GENRES = ("comedy", "drama", "noir", "sci-fi", "western", "war")
HOSTILE = (
    'He Said "Now"',
    "Braces {b1} and {item} and {{ 7 * 7 }}",
    "<script>alert('x')</script> & Sons",
    "\u202eBackwards\u202c Film",
    "שלום עולם",
    "Line\nBreak\x00Null",
    "Rocket 🚀 Road",
    "流浪地球",
    "100% _Sure_ \\ % s",
    "Comma, The Film; Semicolon",
)


class HashEncoder:
    """Unit vectors from a text's letters: no model, same text same vector, shared words nearer."""

    name = "hash"

    def encode(self, texts, on_progress=None):
        rows = np.zeros((len(texts), 32), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[sum(map(ord, word)) % 32] += 1.0
            row[0] += 0.1
        if on_progress is not None:
            on_progress(len(texts), len(texts))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rating(user: str, item: str, value: float | None, time: int | None = 1_000_000, kind: str = "rating") -> Behaviour:
    kind_ = BehaviourKind(kind)
    return Behaviour(behaviour_id(user, item, kind_, time, value), user, item, kind_, time, value)


def make_dataset(n_items: int = 60, n_users: int = 120, seed: int = 3) -> Dataset:
    """Films of two genres each, users who like one genre; the last films have hostile titles or no aspects."""
    rng = random.Random(seed)
    items = []
    for n in range(n_items):
        title = HOSTILE[n] if n < len(HOSTILE) else f"Film Number {n}"
        aspects = () if n % 20 == 19 else tuple(rng.sample(GENRES, 2))
        items.append(Item(f"i{n}", title, aspects, 1950 + n))
    behaviours = []
    for u in range(n_users):
        taste = GENRES[u % len(GENRES)]
        for item in rng.sample(items, 15):
            value = float(rng.choice([4, 5]) if taste in item.aspects else rng.choice([1, 2, 3]))
            behaviours.append(rating(f"u{u}", item.id, value, 1_000_000 + len(behaviours)))
    return Dataset("tiny", "video", tuple(items), tuple(behaviours))


SMALL_HYBRID = HybridConfig(
    parts=(EaseConfig(regularization=10.0), ContentConfig(), PopularityConfig()),
    weights={"ease": 1.0, "content": 0.01, "popularity": 0.02},
)


_KINDS = {"both": ["sqlite", "postgresql"], "on_postgresql": ["postgresql"]}


@pytest.fixture(scope="session")
def merged() -> Path:
    """The shipped adapter merged into its base; made once and kept in the cache."""
    from explainer.tuning.export import merged_gguf
    from explainer.writing.engines.base_file import base_gguf

    return merged_gguf(base_gguf("smollm2"), adapter_dir("en"), Settings().cache.resolve())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked so on both kinds of database, or on a PostgreSQL; where all is run on one, on that."""
    if ON_POSTGRESQL or "on_server" not in metafunc.fixturenames:
        return
    for mark, kinds in _KINDS.items():
        if metafunc.definition.get_closest_marker(mark):
            metafunc.parametrize("on_server", kinds, indirect=True, scope="session")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays: looking through all of it for garbage took an eighth of the tests' time."""
    gc.collect()
    gc.freeze()
    collect_seldom()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where all is run on a PostgreSQL leave out what asks for none: it is as it was on SQLite."""
    if ON_POSTGRESQL:
        config.hook.pytest_deselected(items=[item for item in items if not asks_for_postgresql(item)])
        items[:] = [item for item in items if asks_for_postgresql(item)]


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home for what names none: in that of whoever runs the tests, a log of another database would be signed."""
    home, cache = tmp_path_factory.mktemp("home"), Settings().cache
    cache.mkdir(parents=True, exist_ok=True)
    (home / "cache").symlink_to(cache.resolve())  # what takes minutes to make is kept
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EXPLAINER_HOME", str(home))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2id with little of everything: at its full strength each person who signs in takes a third of a second."""
    with pytest.MonkeyPatch.context() as patched:
        quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
        patched.setattr("explainer.access.people.PasswordHasher", quick)
        yield


@pytest.fixture
def full_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as they are for people, for the tests that are about that."""
    monkeypatch.setattr("explainer.access.people.PasswordHasher", PasswordHasher)


@pytest.fixture(scope="session")
def dataset(on_server: Databases | None) -> Dataset:
    return make_dataset() if on_server is None else without_nul(make_dataset())


@pytest.fixture(scope="session")
def model(dataset: Dataset) -> FittedModel:
    return fit(dataset, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Databases]:
    """What makes databases on a PostgreSQL: one for all tests of a process, for it takes seconds to start."""
    with databases() as made:
        yield made


@pytest.fixture(scope="session")
def on_server(request: pytest.FixtureRequest) -> Databases | None:
    """The same for tests that run on one; None for those whose databases are files."""
    kind = getattr(request, "param", "postgresql" if ON_POSTGRESQL else "sqlite")
    return request.getfixturevalue("postgresql") if kind == "postgresql" else None


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, on_server: Databases | None) -> Callable[..., str]:
    """Return what fills a database once for each key, to be copied: migrations would take the most of a test."""
    urls: dict[int, str] = {}

    def template(key: int = 0, fill_it: Callable[[Database], None] = Database.migrate) -> str:
        if key not in urls:
            first = Database(new_url(on_server, tmp_path_factory.mktemp("filled") / "test.db"))
            fill_it(first)
            first.engine.dispose()  # nobody may be connected to what is copied
            urls[key] = first.url
        return urls[key]

    return template


@contextmanager
def making(on_server: Databases | None, folder: Path) -> Iterator[Callable[..., Database]]:
    made: list[Database] = []

    def make(name: str = "made", template: str | None = None) -> Database:
        made.append(Database(new_url(on_server, folder / f"{name}.db", template)))
        return made[-1]

    yield make
    for one in made:
        one.engine.dispose()
        if on_server is not None:
            on_server.drop(one.url)


@pytest.fixture
def make_database(tmp_path: Path, on_server: Databases | None) -> Iterator[Callable[..., Database]]:
    """Return what makes databases: empty ones, without tables even, and copies of one that nobody is connected to."""
    with making(on_server, tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def kept_database(
    tmp_path_factory: pytest.TempPathFactory,
    on_server: Databases | None,
    templates: Callable[..., str],
    dataset: Dataset,
) -> Iterator[Database]:
    """The usual database, one for all tests of a file: for those that are refused, and for those that only read."""
    with making(on_server, tmp_path_factory.mktemp("kept")) as make:
        yield make("kept", templates(id(dataset), lambda first: fill(first, dataset)))


@pytest.fixture
def empty(make_database: Callable[..., Database], templates: Callable[..., str]) -> Database:
    """One with all tables and nothing in them."""
    return make_database("empty", templates())


@pytest.fixture
def database(make_database: Callable[..., Database], templates: Callable[..., str], dataset: Dataset) -> Database:
    return make_database("test", templates(id(dataset), lambda first: fill(first, dataset)))


def fill(database: Database, dataset: Dataset) -> None:
    database.migrate()
    with database.session() as session:
        catalogue.ingest(session, dataset, CleaningReport(), lambda _: None)


@pytest.fixture
def explainer(database: Database, model: FittedModel) -> Explainer:
    return Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))


@pytest.fixture(scope="module")
def kept_explainer(kept_database: Database, model: FittedModel) -> Explainer:
    return Explainer(kept_database, model, Writer(PromptLibrary(), load_vocabulary))
