"""Read replicas: asked in turn, left out when they are down, never asked for what must be so at once."""

from __future__ import annotations

import logging
import socket
import threading

import pytest
from sqlalchemy import text

from explainer.connecting import make_database
from explainer.errors import BusyError, NotReadyError
from explainer.pipeline import Explainer
from explainer.service.live import Live
from explainer.service.starts import public_settings
from explainer.settings import Settings
from explainer.storage.additions import put_items
from explainer.storage.database import Database
from explainer.storage.prompts import SqlPromptChoice
from explainer.storage.replicas import Replicas
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import Item
from tests.conftest import HashEncoder


@pytest.fixture
def copies(tmp_path):
    """Two files that stand for replicas; each says which it is."""
    urls = []
    for name in ("a", "b"):
        url = f"sqlite:///{tmp_path / name}.db"
        made = Database(url)
        with made.session() as session:
            session.execute(text("CREATE TABLE me (name TEXT)"))
            session.execute(text("INSERT INTO me VALUES (:name)"), {"name": name})
        made.engine.dispose()
        urls.append(url)
    return urls


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def asked(replicas):
    with replicas.connection() as connection:
        return None if connection is None else connection.scalar(text("SELECT name FROM me"))


def unanswered(tmp_path):
    return f"sqlite:///{tmp_path / 'no such folder' / 'x.db'}"


def test_they_are_asked_in_turn(copies):
    replicas = Replicas(copies)
    assert [asked(replicas) for _ in range(4)] == ["a", "b", "a", "b"]
    replicas.dispose()


def test_one_that_is_down_is_left_out_for_a_while_and_then_asked_again(copies, tmp_path, caplog):
    clock = Clock()
    down = tmp_path / "down" / "b.db"
    replicas = Replicas([copies[0], f"sqlite:///{down}"], clock=clock)
    with caplog.at_level(logging.WARNING):
        assert [asked(replicas) for _ in range(4)] == ["a"] * 4
    assert len(caplog.records) == 1  # it was tried once
    down.parent.mkdir()
    (tmp_path / "b.db").rename(down)
    assert {asked(replicas) for _ in range(4)} == {"a"}
    clock.now = 31.0
    assert {asked(replicas) for _ in range(4)} == {"a", "b"}
    replicas.dispose()


def test_the_primary_answers_where_there_is_none_or_none_answers(database, tmp_path):
    for urls in ((), (unanswered(tmp_path),)):
        made = Database(database.url, urls)
        with made.look_about() as connection:
            assert connection.scalar(text("SELECT count(*) FROM items")) == 60
        made.engine.dispose()


def test_only_what_may_be_a_little_old_is_read_there(database, copies):
    made = Database(database.url, copies)
    with made.look_about() as connection:
        assert connection.scalar(text("SELECT name FROM me")) == "a"
    with made.look() as connection:  # the primary has no such table
        assert connection.scalar(text("SELECT count(*) FROM items")) == 60
    made.engine.dispose()


def test_a_service_starts_though_its_replica_fails_while_it_is_read(database, copies, model):
    made = Database(database.url, copies)  # they answer, and have none of the tables
    assert Explainer(made, model, Writer(PromptLibrary(), load_vocabulary)).recommendations("u1", 3)
    made.engine.dispose()


def test_an_error_of_the_asker_is_no_fault_of_the_replica(copies):
    replicas = Replicas(copies[:1])
    for _ in range(2):
        with pytest.raises(Exception, match="no such table"), replicas.connection() as connection:
            connection.execute(text("SELECT * FROM no_such_table"))
    assert asked(replicas) == "a"
    replicas.dispose()


@pytest.fixture
def rude():
    """A port where somebody answers, and hangs up in the middle of the first word."""
    pytest.importorskip("pg8000", reason="pg8000 is not installed")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"postgresql+pg8000://app:s3cret@127.0.0.1:{listener.getsockname()[1]}/db"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_one_that_hangs_up_is_left_out_and_its_password_is_nowhere(database, rude, caplog):
    with caplog.at_level(logging.WARNING):
        made = Database(database.url, [rude])
        for _ in range(3):
            with made.look_about() as connection:
                assert connection.scalar(text("SELECT count(*) FROM items")) == 60
    assert caplog.text.count("is left out") == 1
    assert "s3cret" not in caplog.text
    made.engine.dispose()


def test_the_settings_reach_the_pools_and_show_no_password(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLAINER_DATABASE_REPLICAS", "sqlite:///a.db, postgresql+pg8000://u:s3cret@h/db?sslkey=k ,")
    monkeypatch.setenv("EXPLAINER_POOL_SIZE", "3")
    monkeypatch.setenv("EXPLAINER_POOL_RECYCLE_S", "600")
    settings = Settings(_env_file=None, home=tmp_path)
    assert len(settings.database_replicas) == 2
    shown = public_settings(settings)
    assert shown["database_replicas"] == ["sqlite:///a.db", "postgresql+pg8000://u:***@h/db"]
    assert "s3cret" not in str(shown)
    monkeypatch.setenv("EXPLAINER_DATABASE_REPLICAS", "sqlite:///a.db")
    made = make_database(Settings(_env_file=None, home=tmp_path))
    assert made.engine.pool.size() == 3
    assert made.engine.pool._recycle == 600


def test_a_pool_that_is_used_up_says_so(tmp_path):
    settings = Settings(_env_file=None, home=tmp_path, pool_size=1, pool_overflow=0, pool_timeout_s=0.01)
    made = make_database(settings)
    with made.session() as first:
        first.execute(text("SELECT 1"))
        with pytest.raises(BusyError, match="in use"), made.session() as second:
            second.execute(text("SELECT 1"))
    made.engine.dispose()


@pytest.mark.parametrize("url", ["not a url", "nosuch://host/db"])
def test_a_replica_that_makes_no_sense_is_told_at_once(url):
    with pytest.raises((NotReadyError), match="EXPLAINER_DATABASE_REPLICAS"):
        Database("sqlite://", [url])


def test_new_items_and_promoted_prompts_are_known_at_once_however_far_replicas_are_behind(explainer, database, copies):
    explainer.database = made = Database(database.url, copies)  # they know of no items, and of no promotions
    later = Item("late", "A late film", ("noir",))
    with made.session() as session:
        put_items(session, [later])
    assert "late" in Live(explainer, HashEncoder()).current().model.recommender.catalogue
    disk = PromptLibrary()
    assert SqlPromptChoice(made, disk).for_user("u1", Style()) is disk
    made.engine.dispose()
