"""A restored backup brings nobody back, nor does an end midway, for a list outside says who was erased."""

from __future__ import annotations

import time

import pytest

from explainer.errors import ErasureError
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.service.subject.reapply import reapply
from explainer.service.subject.receipts import check_receipt
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


def test_nobody_is_erased_who_cannot_be_listed(desk, database, erasing):
    live(desk)
    erasing.list.path.parent.mkdir(exist_ok=True)
    erasing.list.path.mkdir()
    answer = desk.ask(A, "DELETE", f"/v1/users/{USER}")
    assert answer.status_code == 500
    assert held(database) != {}


def test_a_list_that_was_altered_or_is_anothers_is_refused(desk, database, erasing):
    delete_user(desk)
    path = erasing.list.path
    good = path.read_bytes()
    for bad in (good.replace(b'"code":"', b'"code":"0'), good + b"rubbish\n", b"\xff\xfe\n", good[:-20]):
        path.write_bytes(bad)
        with pytest.raises(ErasureError, match="line"):
            reapply(database, erasing)
    path.write_bytes(good)
    key = ErasureKey.new()
    with pytest.raises(ErasureError, match="key"):
        reapply(database, Erasing(key, ErasureList(path, key)))
    assert USER.encode() not in good


def test_the_key_is_for_its_owner_alone_and_many_who_make_it_make_one(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "keys" / "erasure.key"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: ErasureKey.load(path), range(16)))
    assert len(made) == 1
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in path.parent.iterdir()] == ["erasure.key"]
    path.write_text("no key")
    with pytest.raises(ErasureError, match="EXPLAINER_ERASURE_KEY"):
        ErasureKey.load(path)
