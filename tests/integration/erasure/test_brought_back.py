"""Nobody who was erased is brought back by events that are sent again, or by a load that had begun before."""

from __future__ import annotations

import time
from threading import Thread

import pytest

from explainer.cli import steps
from explainer.service.subject.erase import Erasing, erase
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.catalogue import dataset_row
from explainer.storage.database import Database
from explainer.storage.erasing import keep_from_erasure
from tests.integration.erasure.acting import A, delete_user, held
from tests.integration.traces import USER, send_behaviours


def sent(desk, *rows):
    return desk.ask(A, "POST", "/v1/behaviours", {"behaviours": list(rows)}).json()


def row(item, at, user=USER):
    return {"user": user, "item": item, "kind": "view"} | ({} if at is None else {"time": at})


def test_what_was_done_before_an_erasure_is_not_taken_in_again_and_the_rest_is(desk, database):
    send_behaviours(desk)
    delete_user(desk)
    now = int(time.time())
    answer = sent(desk, row("i17", 1_000_000), row("i18", now + 5), row("i25", 1_000_000, "u1"), row("i28", None))
    assert [one["status"] for one in answer["results"]] == ["refused", "created", "created", "created"]
    assert "erased" in answer["results"][0]["detail"]
    assert answer["note"].startswith("1 ")
    assert held(database)["behaviours"] == 2
    assert USER not in str(answer)


def test_of_several_erasures_the_last_one_counts(desk, database, erasing):
    before = int(time.time()) - 10
    for _ in range(2):
        send_behaviours(desk, since=int(time.time()) + 100)
        delete_user(desk)
    assert sent(desk, row("i17", before))["results"][0]["status"] == "refused"
    assert held(database) == {}


@pytest.mark.both
def test_an_erasure_waits_for_what_is_sent(database, erasing):
    """Else the events would be looked at before it, and stored after it."""
    thread = Thread(target=erase, args=(database, erasing, "u2", "test"))
    with database.session() as session:
        keep_from_erasure(session, ["u1", "u2"])
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join()
    assert held(database, "u2") == {}


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "dataset.toml").write_text('name = "shop"\ndomain = "shop"\nkind = "purchase"\n')
    (folder / "items.csv").write_text("id,title\na,A thing\nb,Another\n")
    (folder / "behaviours.csv").write_text("user,item\nada,a\nada,b\nbob,a\n")
    return folder


@pytest.mark.both
def test_an_erasure_during_a_load_is_not_undone_by_it(empty, shop, tmp_path, monkeypatch, capsys):
    settings = Settings(home=tmp_path / "home", database_url=empty.url)
    real, thread, elsewhere = catalogue.ingest, None, Database(empty.url)

    def slow(*args):
        nonlocal thread
        loaded = real(*args)
        thread = Thread(target=erase, args=(elsewhere, Erasing.of(settings), "ada", "test"))
        thread.start()
        thread.join(0.5)  # on SQLite it waits for the load; on PostgreSQL it is over
        return loaded

    monkeypatch.setattr(catalogue, "ingest", slow)
    steps.ingest(settings, str(shop))
    thread.join()
    elsewhere.engine.dispose()
    assert held(empty, "ada") == {}
    assert held(empty, "bob")["behaviours"] == 1
    with empty.session() as session:
        dropped = dataset_row(session).cleaning_report["dropped"]
    assert [(line["reason"], line["rows"]) for line in dropped] == [("of somebody who was erased", 2)]
    assert "1 new behaviours" in capsys.readouterr().out
