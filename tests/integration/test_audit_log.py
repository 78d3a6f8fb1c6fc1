"""The log itself: append-only, without gaps, and whatever was done to it is found by its checkpoints."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import func, select, text

from explainer.audit import log, verify_alone
from explainer.audit.checkpointer import Checkpointer, sign_head
from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.entries import leaf_of
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import Tree
from explainer.audit.notes import Signer
from explainer.audit.sources import StoredNodes, export_entries, exported_entries, stored_entries
from explainer.audit.verify import Fault, TamperError, verify
from explainer.cli import main
from explainer.errors import ConflictError
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow
from explainer.storage.database import Database, _alembic
from tests.databases import ON_POSTGRESQL
from tests.integration.tampering import tamper, unguard

ENTRIES = 40
SCRIPT = Path(verify_alone.__file__)
SIGNER = Signer("shop", bytes(range(32)))
PLACES = {"head": 1, "middle": 17, "tail": ENTRIES}


@pytest.fixture
def folder(tmp_path):
    return CheckpointFolder(tmp_path / "elsewhere")


@pytest.fixture
def signed(empty, folder):
    """A log of forty entries, signed after 8, 20 and 40."""
    for end in (8, 20, ENTRIES):
        grow(empty, end)
        sign_head(empty, folder, SIGNER)
    return empty


def grow(database, end):
    with database.session() as session:
        for n in range(log.head_of(session).size, end):
            log.append(session, "test.happened", f"r{n}", {"n": n})


def verified(database, folder, key=SIGNER.verifier):
    with database.session() as session:
        return verify(stored_entries(session), folder.read(key), StoredNodes(session))


def fault(database, folder):
    with pytest.raises(TamperError) as raised:
        verified(database, folder)
    return raised.value.fault, raised.value.seq


@pytest.mark.both
def test_what_nobody_touched_is_whole(signed, folder):
    found = verified(signed, folder)
    assert (found.entries, found.checkpoints, found.vouched) == (ENTRIES, 3, ENTRIES)
    grow(signed, ENTRIES + 3)
    assert verified(signed, folder).vouched == ENTRIES


def test_an_empty_log_is_whole(empty, folder):
    assert verified(empty, folder).entries == 0
    assert sign_head(empty, folder, SIGNER) is None


@pytest.mark.both
def test_entries_are_numbered_at_the_commit_and_those_of_a_failure_are_nowhere(empty):
    grow(empty, 2)
    with pytest.raises(RuntimeError), empty.session() as session:
        log.append(session, "test.failed", "x", {})
        raise RuntimeError
    grow(empty, 4)
    with empty.session() as session:
        assert session.scalars(select(AuditEntryRow.seq).order_by(AuditEntryRow.seq)).all() == [1, 2, 3, 4]
        assert session.scalar(select(func.count()).select_from(AuditNodeRow)) == 3


def test_a_log_from_before_is_numbered_anew_and_grown_into_a_tree(make_database, folder):
    old = make_database("old")
    command.upgrade(_alembic(old.url), "0010")
    with old.engine.begin() as connection:
        for seq in (1, 2, 5, 6, 9):  # a transaction that was rolled back used to leave a gap on some databases
            values = f"({seq}, 'test.happened', 'r{seq}', '{'0' * 64}', '2026-01-0{seq} 00:00:00.000000')"
            connection.execute(text(f"INSERT INTO audit_entries (seq, event, record_id, digest, at) VALUES {values}"))
    old.migrate()
    assert verified(old, folder).entries == 5
    grow(old, 9)
    assert verified(old, folder).entries == 9
    with old.session() as session:
        entries = list(stored_entries(session))
    assert [entry.record_id for entry in entries[:5]] == ["r1", "r2", "r5", "r6", "r9"]
    old.engine.dispose()
    command.downgrade(_alembic(old.url), "0010")


@pytest.mark.both
def test_writers_at_once_leave_neither_gap_nor_fork(empty, folder):
    def write(who):
        for n in range(25):
            with empty.session() as session:
                log.append(session, "test.happened", f"{who}-{n}", {"n": n})

    threads = [threading.Thread(target=write, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verified(empty, folder).entries == 150


@pytest.mark.parametrize("table", ["audit_entries", "audit_nodes"])
@pytest.mark.parametrize("change", ["UPDATE {table} SET {key} = {key}", "DELETE FROM {table}"])
@pytest.mark.both
def test_the_database_refuses_to_change_the_log(signed, folder, table, change):
    key = {"audit_entries": "seq", "audit_nodes": "level"}[table]
    with pytest.raises(ConflictError, match="append-only"), signed.session() as session:
        session.execute(text(change.format(table=table, key=key)))
    assert verified(signed, folder).entries == ENTRIES


COPIED = "SELECT seq, 'forged', record_id, digest, at, leaf FROM audit_entries WHERE seq IN (1, 17, 40)"
INTO = "INTO audit_entries (seq, event, record_id, digest, at, leaf)"


@pytest.mark.skipif(ON_POSTGRESQL, reason="REPLACE is SQLite's; what PostgreSQL has is tried in test_postgresql")
@pytest.mark.parametrize(
    "change",
    [
        f"INSERT OR REPLACE {INTO} {COPIED}",
        f"REPLACE {INTO} {COPIED}",
        f"INSERT {INTO} {COPIED} AND 1 ON CONFLICT (seq) DO UPDATE SET event = 'forged'",
        "UPDATE OR REPLACE audit_entries SET seq = 1 WHERE seq = 2",
        "REPLACE INTO audit_nodes (level, place, hash) SELECT level, place, 'forged' FROM audit_nodes",
        "REPLACE INTO audit_nodes (rowid, level, place, hash) SELECT rowid, 9, 9, 'forged' FROM audit_nodes LIMIT 1",
    ],
)
def test_the_database_refuses_to_replace_what_is_in_the_log(signed, folder, change):
    """SQLite tells triggers of nothing that REPLACE deletes; without one of their own this would go through."""
    with pytest.raises(ConflictError, match="append-only"), signed.session() as session:
        session.execute(text(change))
    assert verified(signed, folder).entries == ENTRIES


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("column", ["event", "record_id", "digest", "leaf"])
def test_an_edit_is_found_at_its_entry(signed, folder, place, column):
    tamper(signed, f"UPDATE audit_entries SET {column} = 'x' || substr({column}, 2) WHERE seq = {place}")
    assert fault(signed, folder) == (Fault.ALTERED, place)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_another_time_is_found_at_its_entry(signed, folder, place):
    tamper(signed, f"UPDATE audit_entries SET at = '2020-01-01 00:00:00.000000' WHERE seq = {place}")
    assert fault(signed, folder) == (Fault.ALTERED, place)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_deletion_is_found(signed, folder, place):
    tamper(signed, f"DELETE FROM audit_entries WHERE seq = {place}")
    expected = (Fault.TRUNCATED, ENTRIES) if place == ENTRIES else (Fault.MISSING, place)
    assert fault(signed, folder) == expected


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_deletion_with_new_numbers_is_found(signed, folder, place):
    tamper(
        signed,
        f"DELETE FROM audit_entries WHERE seq = {place}",
        f"UPDATE audit_entries SET seq = -seq + 1 WHERE seq > {place}",
        "UPDATE audit_entries SET seq = -seq WHERE seq < 0",
    )
    expected = (Fault.TRUNCATED, ENTRIES) if place == ENTRIES else (Fault.ALTERED, place)
    assert fault(signed, folder) == expected


@pytest.mark.parametrize("place", [1, 17, ENTRIES - 1])
def test_two_entries_that_change_places_are_found(signed, folder, place):
    tamper(
        signed,
        f"UPDATE audit_entries SET seq = -1 WHERE seq = {place}",
        f"UPDATE audit_entries SET seq = {place} WHERE seq = {place + 1}",
        f"UPDATE audit_entries SET seq = {place + 1} WHERE seq = -1",
    )
    assert fault(signed, folder) == (Fault.ALTERED, place)


@pytest.mark.parametrize("place", [0, -3])
def test_an_entry_before_the_first_is_found(signed, folder, place):
    copied = f"SELECT {place}, event, record_id, digest, at, leaf FROM audit_entries WHERE seq = 1"
    tamper(signed, f"INSERT INTO audit_entries (seq, event, record_id, digest, at, leaf) {copied}")
    assert fault(signed, folder) == (Fault.ORDER, place)


@pytest.mark.parametrize("cut", [1, 5, 20, 31, ENTRIES])
def test_a_cut_tail_is_found(signed, folder, cut):
    tamper(signed, f"DELETE FROM audit_entries WHERE seq > {ENTRIES - cut}")
    assert fault(signed, folder) == (Fault.TRUNCATED, ENTRIES - cut + 1)


@pytest.mark.parametrize("place", [*PLACES.values(), 8, 9, 20])
@pytest.mark.parametrize("attack", ["edit", "insert", "drop"])
def test_a_forgery_that_fits_together_is_found_by_the_next_checkpoint(signed, folder, place, attack):
    """Whoever owns the database can make every hash fit; the signed roots they cannot."""
    with signed.session() as session:
        entries = [(e.event, e.record_id, e.digest, datetime.fromisoformat(e.at)) for e in stored_entries(session)]
    if attack == "edit":
        entries[place - 1] = ("test.forged", *entries[place - 1][1:])
    elif attack == "insert":
        entries.insert(place - 1, ("test.forged", *entries[0][1:]))
    else:
        del entries[place - 1]
    rewrite(signed, entries)
    with pytest.raises(TamperError) as raised:
        verified(signed, folder)
    if attack == "drop" and place == ENTRIES:
        assert raised.value.fault is Fault.TRUNCATED
    else:
        assert raised.value.fault is Fault.FORKED
        assert raised.value.seq <= place


def rewrite(database, entries):
    unguard(database)
    tree = Tree()
    with database.session() as session:
        session.execute(text("DELETE FROM audit_entries"))
        session.execute(text("DELETE FROM audit_nodes"))
        for seq, (event, record_id, digest, at) in enumerate(entries, start=1):
            leaf = leaf_of(seq, at, event, record_id, digest)
            session.add(AuditEntryRow(seq=seq, event=event, record_id=record_id, digest=digest, at=at, leaf=leaf.hex()))
            for level, place, made in tree.append(leaf):
                if level:
                    session.add(AuditNodeRow(level=level, place=place, hash=made.hex()))


@pytest.mark.parametrize("change", ["UPDATE audit_nodes SET hash = 'x' || substr(hash, 2)", "DELETE FROM audit_nodes"])
@pytest.mark.parametrize("where", ["level = 1 AND place = 0", "level = 2 AND place = 4", "level = 5 AND place = 0"])
def test_an_altered_tree_is_found_where_the_entries_fit(signed, folder, change, where):
    tamper(signed, f"{change} WHERE {where}")
    assert fault(signed, folder)[0] is Fault.NODE


def test_a_log_that_was_cut_and_grew_again_is_not_signed(signed, folder):
    tamper(
        signed,
        "DELETE FROM audit_entries WHERE seq > 30",
        "DELETE FROM audit_salts WHERE seq > 30",
        "DELETE FROM audit_nodes WHERE (place + 1) << level > 30",
    )
    with pytest.raises(VerificationError, match="its end was cut off"):
        sign_head(signed, folder, SIGNER)
    grow(signed, ENTRIES + 5)
    with pytest.raises(VerificationError, match="another than the one that was signed at 40"):
        sign_head(signed, folder, SIGNER)
    assert fault(signed, folder)[0] is Fault.FORKED


def test_checkpoints_of_a_stranger_or_of_another_log_do_not_vouch(signed, folder, tmp_path):
    with pytest.raises(VerificationError, match="not signed by 'auditor'"):
        verified(signed, folder, Signer("auditor", bytes(32)).verifier)
    other = CheckpointFolder(tmp_path / "other")
    other.add(Checkpoint("another shop", ENTRIES, bytes(32)), SIGNER)
    with pytest.raises(VerificationError, match="of another log"):
        verified(signed, other)


def test_an_export_is_verified_without_the_database(signed, folder, tmp_path):
    out = tmp_path / "log.jsonl"
    with signed.session() as session:
        out.write_bytes(b"".join(export_entries(session)))
    assert verify(exported_entries(out), folder.read(SIGNER.verifier)).entries == ENTRIES
    lines = out.read_bytes().splitlines(keepends=True)
    for broken in (b"".join(lines[:-1]), b"".join(lines[1:]), b"".join([lines[1], lines[0], *lines[2:]])):
        out.write_bytes(broken)
        with pytest.raises(TamperError):
            verify(exported_entries(out), folder.read(SIGNER.verifier))


@pytest.mark.parametrize("attack", ["none", "edit", "drop", "swap", "cut", "wrong key", "false signature"])
def test_a_stranger_s_script_comes_to_the_same_result(signed, folder, tmp_path, attack):
    out, key = tmp_path / "log.jsonl", str(SIGNER.verifier)
    new = Signer.new("shop.2")
    folder.rotate(SIGNER, new)
    grow(signed, ENTRIES + 1)
    sign_head(signed, folder, new)
    with signed.session() as session:
        lines = list(export_entries(session))
    changed = {
        "edit": [*lines[:5], lines[5].replace(b"r5", b"rX"), *lines[6:]],
        "drop": lines[:9] + lines[10:],
        "swap": [lines[1], lines[0], *lines[2:]],
        "cut": lines[:-1],
    }
    out.write_bytes(b"".join(changed.get(attack, lines)))
    if attack == "wrong key":
        key = str(Signer("shop", bytes(32)).verifier)
    if attack == "false signature":
        path = min(folder.folder.glob("*.checkpoint"))
        path.write_text(path.read_text().replace("shop\n8\n", "shop\n9\n"))
    run = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(out), str(folder.folder), key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == {"none": 0, "wrong key": 2, "false signature": 2}.get(attack, 1), run.stdout + run.stderr


@pytest.mark.parametrize("rubbish", [b"\xff\xfe", b"{}\n", b"[1]\n", b"null\n", b"{" * 20_000, b'{"seq": 1}\n', b"\n"])
def test_rubbish_is_no_export_and_nothing_else_escapes(rubbish, folder, tmp_path):
    out = tmp_path / "log.jsonl"
    out.write_bytes(rubbish)
    with pytest.raises(VerificationError):
        verify(exported_entries(out), folder.read(SIGNER.verifier))


def test_a_service_signs_by_itself_and_once_more_at_its_end(empty, folder):
    grow(empty, 5)
    checkpointer = Checkpointer(empty, folder, SIGNER, entries=1, seconds=0.01)
    while folder.newest() < 5:
        assert checkpointer._thread.is_alive()
    grow(empty, 7)
    checkpointer.close()
    assert folder.newest() == 7
    assert verified(empty, folder).vouched == 7


def test_two_processes_that_sign_at_once_write_each_size_once_and_break_nothing(empty, folder):
    """As many as serve one database; all have the same key and the same folder."""
    others = [Database(empty.url) for _ in range(3)]
    made = [Checkpointer(one, folder, SIGNER, entries=1, seconds=0.001) for one in others]
    for end in range(1, 31):
        grow(empty, end)
    for one in made:
        one.close()
    assert [(one.trouble, one.failures) for one in made] == [("", 0)] * 3
    found = verified(empty, folder)
    assert (found.vouched, found.checkpoints) == (30, len(list(folder.folder.glob("*.checkpoint"))))
    assert not list(folder.folder.glob("*.new"))
    for one in others:
        one.engine.dispose()


def test_two_that_sign_the_same_size_agree(signed, folder):
    grow(signed, ENTRIES + 1)
    barrier, made = threading.Barrier(4), []

    def sign():
        barrier.wait()
        made.append(sign_head(signed, folder, SIGNER))

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert {one.root for one in made if one} == {folder.last(SIGNER.verifier).root}
    assert verified(signed, folder).vouched == ENTRIES + 1


FAULTS = {
    10: ["UPDATE audit_entries SET event = 'x' WHERE seq = 17"],
    11: ["DELETE FROM audit_entries WHERE seq = 17"],
    12: [f"INSERT {INTO} SELECT 0, event, record_id, digest, at, leaf FROM audit_entries WHERE seq = 1"],
    13: ["DELETE FROM audit_entries WHERE seq > 30", "DELETE FROM audit_nodes WHERE (place + 1) << level > 30"],
    15: ["DELETE FROM audit_nodes WHERE level = 2 AND place = 3"],
}


@pytest.mark.parametrize("code", [0, 2, 3, 10, 11, 12, 13, 14, 15])
def test_verify_ends_with_the_code_that_its_help_promises(signed, folder, monkeypatch, tmp_path, code):
    if code == 14:
        with signed.session() as session:
            entries = [(e.event, e.record_id, e.digest, datetime.fromisoformat(e.at)) for e in stored_entries(session)]
        rewrite(signed, [*entries[:3], ("test.forged", *entries[3][1:]), *entries[4:]])
    if code in FAULTS:
        tamper(signed, *FAULTS[code])
    key = str(SIGNER.verifier if code != 2 else Signer("shop", bytes(32)).verifier)
    where = tmp_path / "none" if code == 3 else folder.folder
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    found = CliRunner().invoke(main, ["audit", "verify", "--checkpoints", str(where), "--key", key])
    assert found.exit_code == code, found.output
    told = " ".join(CliRunner().invoke(main, ["audit", "verify", "--help"]).output.split())
    assert f"{code} " in told[told.index("Exit codes") :]


def test_a_database_that_cannot_be_read_is_not_verified(tmp_path, monkeypatch, folder):
    (tmp_path / "rubbish.db").write_bytes(b"no database" * 500)
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", f"sqlite:///{tmp_path / 'rubbish.db'}")
    found = CliRunner().invoke(main, ["audit", "verify", "--key", str(SIGNER.verifier)])
    assert (found.exit_code, "Not verified" in found.output) == (2, True), found.output


def test_a_checkpoint_that_was_kept_tells_what_the_folder_no_longer_does(signed, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    kept = tmp_path / "kept"
    (folder.folder / f"{ENTRIES:018d}.checkpoint").rename(kept)
    tamper(
        signed, "DELETE FROM audit_entries WHERE seq > 20", "DELETE FROM audit_nodes WHERE (place + 1) << level > 20"
    )
    told = ["audit", "verify", "--checkpoints", str(folder.folder), "--key", str(SIGNER.verifier)]
    assert CliRunner().invoke(main, told).exit_code == 0, "nobody can tell without it"
    assert CliRunner().invoke(main, [*told, "--kept", str(kept)]).exit_code == 13


def test_the_commands(signed, monkeypatch, tmp_path):
    def run(*arguments):
        return CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "audit", *arguments])

    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    key = run("key").output.strip()
    assert run("verify").exit_code == 3, "nobody has signed it"
    assert "Signed 40 entries" in run("checkpoint").output
    assert "Nothing new" in run("checkpoint").output
    assert run("verify", "--key", key).exit_code == 0
    rotated = run("key", "--rotate").output.strip().splitlines()[-1]
    assert rotated != key
    grow(signed, ENTRIES + 2)
    assert run("checkpoint").exit_code == 0
    found = run("verify", "--key", key)
    assert (found.exit_code, "2 signed checkpoints fit" in found.output) == (0, True), found.output
    assert run("export", str(tmp_path / "out.jsonl")).exit_code == 0
    assert run("verify", "--key", key, "--export", str(tmp_path / "out.jsonl")).exit_code == 0
    assert '"seq": 7' in run("prove", "7").output
    assert run("prove", "99").exit_code == 1
    assert run("verify", "--key", str(SIGNER.verifier)).exit_code == 2
    tamper(signed, "UPDATE audit_entries SET event = 'x' WHERE seq = 17")
    found = run("verify", "--key", key)
    assert (found.exit_code, "entry 17" in found.output) == (10, True), found.output
