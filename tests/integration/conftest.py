"""What tests of the whole share: a signed-in client of a real app."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from explainer.access.rates import Rates
from explainer.cli import main
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.storage.database import Database
from tests.integration.client import client_of
from tests.integration.commands import run
from tests.integration.overheard import logging_all

UNLIMITED = Rates(app=10**9, people=10**9)


@pytest.fixture(scope="session")
def small_home(tmp_path_factory):
    """A folder that is only copied: in ``data`` a small shop, in ``home`` the same, ingested and fitted."""
    folder = tmp_path_factory.mktemp("small")
    source = folder / "data"
    source.mkdir()
    (source / "dataset.toml").write_text('name = "small"\ndomain = "shop"\nkind = "rating"\n')
    names = ["Kettle", "Teapot", "Cup", "Saucer", "Spade", "Rake", "Hoe", "Seeds"]
    (source / "items.csv").write_text(
        "id,title,aspects\n" + "".join(f"p{n},{t},{'kitchen' if n < 4 else 'garden'}\n" for n, t in enumerate(names))
    )
    rows = [(u, i, 5) for u in range(8) for i in range(8) if (i < 4) == (u < 4) and (u + i) % 4]
    (source / "behaviours.csv").write_text("user,item,value\n" + "".join(f"c{u},p{i},{v}\n" for u, i, v in rows))
    for words in (["ingest", str(source)], ["fit"]):
        result = CliRunner().invoke(main, ["--home", str(folder / "home"), *words], env={"EXPLAINER_ENGINE": "none"})
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def client(explainer, database):
    with client_of(create_app(explainer, queue=4), database) as made:
        yield made


@pytest.fixture(scope="module")
def kept_app(kept_explainer):
    """One app for all tests of a file that are refused or only read; making one takes longer than most of these."""
    return create_app(kept_explainer, queue=4, parts=Parts(rates=UNLIMITED))


@pytest.fixture(scope="module")
def kept_client(kept_app, kept_database):
    with client_of(kept_app, kept_database) as made:
        yield made


@pytest.fixture
def home_database(tmp_path, on_server, make_database, monkeypatch):
    """The database of a home for commands: a file in it, or one on a server that they are told of."""
    if on_server is None:
        return Database(f"sqlite:///{tmp_path / 'home' / 'explainer.db'}")
    made = make_database("home")
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", made.url)
    return made


@pytest.fixture
def home(small_home, tmp_path, home_database, on_server, monkeypatch):
    """A home with a small folder ingested and fitted, templates only."""
    monkeypatch.setenv("EXPLAINER_ENGINE", "none")
    shutil.copytree(small_home, tmp_path, dirs_exist_ok=True)
    if on_server:  # what was copied has its database in a file
        for words in (["ingest", str(tmp_path / "data")], ["fit"]):
            result = run(tmp_path / "home", *words)
            assert result.exit_code == 0, result.output
    return tmp_path / "home"


@pytest.fixture
def spans():
    """What a tracer made, once a test gives one that puts it here."""
    return InMemorySpanExporter()


@pytest.fixture
def logged():
    """Everything is logged, down to the last word of every library; call it for the text so far."""
    with logging_all() as text:
        yield text
