"""A restored backup brings nobody back, nor does an end midway, for a list outside says who was erased."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from explainer.errors import ErasureError
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, carry_out, erase
from explainer.service.subject.listed import ErasureList, Line
from explainer.service.subject.reapply import reapply
from explainer.service.subject.receipts import check_receipt
from explainer.settings import Settings
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.removal_tables import ErasureRow
from tests.integration.commands import run
from tests.integration.erasure.acting import A, checked, delete_user, held
from tests.integration.kept import kept
from tests.integration.traces import USER, live, send_behaviours


def test_a_restored_backup_does_not_bring_anybody_back(desk, database, erasing, make_database, tmp_path):
    live(desk)
    database.engine.dispose()
    restored = make_database("backup", database.url)
    receipt = delete_user(desk)
    assert held(restored) != {}
    (again,) = reapply(restored, erasing)
    assert (again.id, again.code) == (receipt.id, receipt.code)
    check_receipt(again)
    assert held(restored) == {}
    found = checked(restored)
    assert found.sound, found.findings
    assert not any(b"canary" in held_there for held_there in kept(restored, tmp_path).values())
    assert reapply(restored, erasing) == []
    assert reapply(database, erasing) == []


def test_who_comes_back_after_an_erasure_is_left_alone(desk, database, erasing):
    live(desk)
    delete_user(desk)
    send_behaviours(desk, since=int(time.time()))
    assert reapply(database, erasing) == []
    assert held(database)["behaviours"] == 6


def test_an_erasure_that_was_cut_short_is_carried_out_at_the_next_start(desk, database, erasing, monkeypatch):
    from explainer.service.subject import erase as module

    live(desk)

    def cut(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(module, "carry_out", cut)
    with pytest.raises(RuntimeError):
        erase(database, erasing, USER, "test")
    monkeypatch.undo()
    assert held(database) != {}
    (receipt,) = reapply(database, erasing)
    assert receipt.counts["behaviours"] == 6
    assert held(database) == {}


def test_nobody_is_erased_who_cannot_be_listed(desk, database, erasing, caplog):
    live(desk)
    erasing.list.path.parent.mkdir(exist_ok=True)
    erasing.list.path.mkdir()
    answer = desk.ask(A, "DELETE", f"/v1/users/{USER}")
    assert answer.status_code == 500
    assert "the service's log says why" in answer.json()["detail"]
    assert str(erasing.list.path) not in answer.text
    assert str(erasing.list.path) in caplog.text
    assert held(database) != {}


def test_a_list_that_was_altered_or_is_anothers_is_refused(desk, database, erasing):
    delete_user(desk)
    path = erasing.list.path
    good = path.read_bytes()
    for bad in (good.replace(b'"code":"', b'"code":"0'), good + b"rubbish\n", b"\xff\xfe\n"):
        path.write_bytes(bad)
        with pytest.raises(ErasureError, match="line"):
            reapply(database, erasing)
    path.write_bytes(good)
    key = ErasureKey.new()
    with pytest.raises(ErasureError, match="key"):
        reapply(database, Erasing(key, ErasureList(path, key)))
    assert USER.encode() not in good


def test_the_key_is_for_its_owner_alone_and_many_who_make_it_make_one(tmp_path):
    path = tmp_path / "keys" / "erasure.key"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: ErasureKey.load(path), range(16)))
    assert len(made) == 1
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in path.parent.iterdir()] == ["erasure.key"]
    path.write_text("no key")
    with pytest.raises(ErasureError, match="EXPLAINER_ERASURE_KEY"):
        ErasureKey.load(path)


@pytest.mark.both
def test_two_hosts_that_start_at_once_on_a_restored_backup_both_start(
    explainer, database, erasing, make_database, monkeypatch
):
    database.engine.dispose()
    restored = make_database("backup", database.url)
    receipt = erase(database, erasing, "u1", "test")
    other, both = Database(restored.url), Barrier(2, timeout=20)

    def together(*given):
        both.wait()  # each has found by now that the line is missing
        return carry_out(*given)

    monkeypatch.setattr("explainer.service.subject.reapply.carry_out", together)
    with ThreadPoolExecutor(2) as pool:
        told = [*pool.map(lambda one: reapply(one, erasing), (restored, other))]
    other.engine.dispose()
    assert sorted(map(len, told)) == [0, 1]
    assert held(restored, "u1") == {}
    with restored.session() as session:
        assert session.scalars(select(ErasureRow.id)).all() == [receipt.id]
    assert checked(restored).sound


@pytest.mark.both
def test_a_host_that_starts_while_another_erases_does_it_for_them(explainer, database, erasing, monkeypatch):
    given = []

    def come_first(database, *rest):
        given.extend(reapply(database, erasing))
        return carry_out(database, *rest)

    monkeypatch.setattr("explainer.service.subject.erase.carry_out", come_first)
    receipt = erase(database, erasing, "u1", "test")
    assert given[0].counts["behaviours"] == 15
    assert (receipt.id, receipt.counts) == (given[0].id, given[0].counts)
    check_receipt(receipt)
    assert held(database, "u1") == {}


COMMANDS = {
    "fit": [],
    "explain": ["--user", "c1"],
    "preview": ["--user", "c1", "--without", "p1"],
    "pregenerate": ["--users", "c1", "--k", "2"],
    "reviews": ["export", "--out", "good.jsonl"],
    "audit": ["package", "package"],
    "subject": ["export", "c1", "c1.zip"],
}


@pytest.mark.parametrize(("command", "words"), COMMANDS.items(), ids=COMMANDS.keys())
def test_commands_that_read_people_do_not_read_whom_a_backup_has_brought_back(
    home, home_database, tmp_path, monkeypatch, command, words
):
    erasing = Erasing.of(Settings(_env_file=None, home=home))
    erasing.list.add(Line("11111111-2222-4333-8444-555555555555", erasing.key.code("c1"), now()))
    assert held(home_database, "c1") != {}
    monkeypatch.chdir(tmp_path)
    assert run(home, "audit", "key").exit_code == 0  # without one no package is begun
    run(home, command, *words)
    assert held(home_database, "c1").get("behaviours") is None
