"""Hosts that share a database need the same key and list: whoever has another key erases nobody and does not start."""

from __future__ import annotations

import logging

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from explainer.audit.check import check_log
from explainer.cli import main
from explainer.errors import ErasureError
from explainer.server.run import run
from explainer.service.audited import KEPT
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.service.subject.reapply import reapply
from explainer.service.subject.shared import adopt_key
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.erasing import held_counts
from explainer.storage.removal_tables import ErasureRow
from explainer.storage.service_tables import SecretRow


def host(folder, shared=None):
    """Return what a host erases with, keys made where there are none."""
    key = ErasureKey.load(folder / "erasure.key")
    return Erasing(key, ErasureList((shared or folder) / "erasures.jsonl", key))


def held(database, user):
    with database.session() as session:
        return held_counts(session, user)


def test_a_host_with_another_key_erases_nobody_and_is_told_how_to_mend_it(database, tmp_path):
    erase(database, host(tmp_path / "first"), "u1", "test")
    before = held(database, "u2")
    other = host(tmp_path / "second")
    with pytest.raises(ErasureError, match=r"Copy the key file of the host.*EXPLAINER_ERASURE_KEY"):
        erase(database, other, "u2", "test")
    assert held(database, "u2") == before
    assert not other.list.path.exists()


def test_hosts_with_the_same_key_and_list_erase_side_by_side(database, tmp_path):
    first, second = host(tmp_path / "key", tmp_path), host(tmp_path / "key", tmp_path)
    for erasing, user in ((first, "u1"), (second, "u2"), (first, "u3")):
        erase(database, erasing, user, "test")
        assert held(database, user) == {}
    assert reapply(database, second) == []


def test_a_service_with_another_key_does_not_start(database, tmp_path, monkeypatch):
    erase(database, host(tmp_path / "first"), "u1", "test")
    home = tmp_path / "home"
    made = CliRunner().invoke(
        main, ["--home", str(home), "key", "create", "shop"], env={"EXPLAINER_DATABASE_URL": database.url}
    )
    assert made.exit_code == 0, made.output
    with pytest.raises(ErasureError, match="fingerprint"):
        run(Settings(home=home, database_url=database.url, engine="none"))


def test_the_database_never_has_the_key(database, tmp_path):
    erasing = host(tmp_path)
    erase(database, erasing, "u1", "test")
    with database.session() as session:
        kept = session.scalars(select(SecretRow.value)).all()
    assert erasing.key.fingerprint in kept
    assert not [value for value in kept if erasing.key.secret.hex() in value]
    assert erasing.key.fingerprint not in {erasing.key.code(""), erasing.key.code("key"), erasing.key.seal(b"")}


def test_a_list_of_ones_own_is_warned_of_and_the_lines_of_both_together_are_one(database, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    key = tmp_path / "key"
    first, second = host(key, tmp_path / "a"), host(key, tmp_path / "b")
    erase(database, first, "u1", "test")
    erase(database, second, "u2", "test")
    assert reapply(database, second) == []
    assert "1 erasures of the database are not on the erasure list" in caplog.text
    assert "EXPLAINER_ERASURE_LIST" in caplog.text
    caplog.clear()
    joined = tmp_path / "c" / "erasures.jsonl"
    joined.parent.mkdir()
    joined.write_bytes(first.list.path.read_bytes() + second.list.path.read_bytes())
    assert reapply(database, host(key, joined.parent)) == []
    assert "not on the erasure list" not in caplog.text
    with database.session() as session:
        assert len(session.scalars(select(ErasureRow)).all()) == 2


def test_a_host_with_another_key_takes_in_nobody_from_a_file(database, tmp_path):
    erase(database, host(tmp_path / "first"), "u1", "test")
    load = tmp_path / "load"
    load.mkdir()
    (load / "dataset.toml").write_text('name = "load"\ndomain = "shop"\nkind = "rating"\n')
    (load / "items.csv").write_text("id,title\ni1,A Film\n")
    (load / "behaviours.csv").write_text("user,item,value\nu1,i1,5\n")
    command = ["--home", str(tmp_path / "home"), "ingest", str(load)]
    run = CliRunner().invoke(main, command, env={"EXPLAINER_DATABASE_URL": database.url, "COLUMNS": "200"})
    assert run.exit_code == 1
    assert "fingerprint" in " ".join(run.output.split()), run.output
    assert held(database, "u1") == {}


def test_who_has_lost_the_key_is_told_how_to_go_on_with_another_which_goes_on_record(database, tmp_path):
    erase(database, host(tmp_path / "lost"), "u1", "test")
    new = host(tmp_path / "home")
    with pytest.raises(ErasureError, match="explainer subject adopt-key"):
        erase(database, new, "u2", "test")
    command = ["--home", str(tmp_path / "home"), "subject", "adopt-key", "--yes"]
    names = {"EXPLAINER_DATABASE_URL": database.url, "EXPLAINER_ERASURE_LIST": str(new.list.path)}
    mine = {"EXPLAINER_ERASURE_KEY": str(tmp_path / "home" / "erasure.key")}
    for told in ("All hosts need this key now", "the one in use already"):
        run = CliRunner().invoke(main, command, env=names | mine)
        assert told in run.output, run.output
    assert erase(database, new, "u2", "test").counts
    with database.session() as session:
        events = session.scalars(select(AuditEntryRow.event)).all()
        assert events.count("erasure.key_adopted") == 1
        assert check_log(session, KEPT).sound


@pytest.mark.both
def test_after_a_key_was_adopted_only_later_erasures_must_be_on_the_list(database, tmp_path, caplog):
    erase(database, host(tmp_path / "lost"), "u1", "test")
    new = host(tmp_path / "new")
    with database.session() as session:
        assert check_log(session, KEPT, outside=lambda: new).erasures_unlisted == 1
    assert adopt_key(database, new.list, "test")
    assert reapply(database, new) == []
    assert "not on the erasure list" not in caplog.text
    erase(database, new, "u2", "test")
    with database.session() as session:
        assert check_log(session, KEPT, outside=lambda: new).sound
        unlisted = check_log(session, KEPT, outside=lambda: Erasing(new.key, ErasureList(tmp_path / "none", new.key)))
    assert (unlisted.sound, unlisted.erasures_unlisted) == (False, 1)


def test_a_key_is_not_adopted_beside_a_list_that_it_cannot_read(database, tmp_path):
    first = host(tmp_path / "first", tmp_path)
    erase(database, first, "u1", "test")
    with pytest.raises(ErasureError, match="not sealed with the key in use"):
        adopt_key(database, host(tmp_path / "second", tmp_path).list, "test")
    assert erase(database, first, "u2", "test").counts
