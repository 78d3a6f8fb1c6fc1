"""Proofs and checkpoints by API and command: what they show, to whom, and what hostile numbers come to."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.audit.checkpointer import Checkpointer, sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.log import append, head_of
from explainer.audit.merkle import is_consistent, is_included, leaf_hash
from explainer.audit.notes import Note, Signer
from explainer.audit.proofs import check_proof, read_proof
from explainer.cli import main
from explainer.server.app import create_app
from explainer.server.parts import Parts
from tests.integration.problems import problem_of

SIGNER = Signer("shop", bytes(range(32)))
KEYS = [SIGNER.verifier]


def grow(database, count):
    with database.session() as session:
        for n in range(count):
            append(session, "test.happened", f"r{n}", {"n": n})


@pytest.fixture
def folder(tmp_path):
    return CheckpointFolder(tmp_path / "elsewhere")


@pytest.fixture
def auditor(explainer, database, folder):
    with database.session() as session:
        key = create_key(session, "auditor", Role.AUDITOR)
    for count in (6, 7, 9):
        grow(database, count)
        sign_head(database, folder, SIGNER)
    grow(database, 3)
    signing = Checkpointer(database, folder, SIGNER, entries=10**9, seconds=10**6)
    with TestClient(create_app(explainer, queue=2, parts=Parts(checkpointer=signing))) as made:
        made.headers["X-API-Key"] = key
        yield made
    signing.close()


def size_of(database):
    with database.session() as session:
        return head_of(session).size


def get(client, what, **parameters):
    answer = client.get(f"/v1/audit/{what}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer


def raw(text):
    return base64.b64decode(text, validate=True)


def test_the_proof_of_every_entry_at_every_size_holds(auditor, database):
    size = size_of(database)
    for seq in range(1, size + 1):
        for at in {seq, (seq + size) // 2, size}:
            told = get(auditor, "proofs/inclusion", seq=seq, size=at).json()
            leaf = leaf_hash(told["entry"].encode())
            assert json.loads(told["entry"])["seq"] == told["leaf_index"] + 1 == seq
            path = [raw(one) for one in told["audit_path"]]
            assert is_included(leaf, told["leaf_index"], told["tree_size"], path, raw(told["root_hash"]))


def test_a_proof_leads_to_the_last_signed_checkpoint_and_is_checked_by_the_key_alone(auditor, folder, database):
    answer = get(auditor, "proofs/inclusion", seq=3)
    assert answer.json()["tree_size"] == folder.newest()
    found = check_proof(read_proof(answer.content), KEYS)
    assert found.signed
    assert found.shown == f"entry 3 is in the log of {folder.newest()} entries"
    unsigned = get(auditor, "proofs/inclusion", seq=size_of(database))
    assert not check_proof(read_proof(unsigned.content), KEYS).signed
    with pytest.raises(VerificationError, match="checkpoint cannot be trusted: not signed by"):
        check_proof(read_proof(answer.content), [Signer.new("shop").verifier])


def test_the_log_of_every_size_grew_out_of_every_smaller_one(auditor, database, folder):
    size = size_of(database)
    for first in range(size + 1):
        told = get(auditor, "proofs/consistency", first=first, second=size).json()
        path = [raw(one) for one in told["consistency"]]
        assert is_consistent(first, size, raw(told["first_root"]), raw(told["second_root"]), path)
    signed = folder.sizes(0, 10)
    answer = get(auditor, "proofs/consistency", first=signed[0], second=signed[1])
    assert check_proof(read_proof(answer.content), KEYS).signed
    answer = get(auditor, "proofs/consistency", first=signed[0])
    assert answer.json()["second"] == signed[-1] < size
    assert check_proof(read_proof(answer.content), KEYS).signed
    assert get(auditor, "proofs/consistency", first=signed[-1] + 1).json()["second"] == size


ALTERED = [
    ("seq", 4), ("leaf_index", 4), ("tree_size", 30), ("leaf_hash", "x"), ("root_hash", "A" * 44),
    ("audit_path", []), ("entry", '{"seq":3}'), ("entry", "\ud800"), ("checkpoint", "rubbish"), ("tree_size", -1),
    ("tree_size", 2**63), ("seq", True), ("audit_path", ["A"] * 3), ("more", 1),
]  # fmt: skip


def test_a_proof_that_was_altered_proves_nothing(auditor):
    told = get(auditor, "proofs/inclusion", seq=3).json()
    for name, value in ALTERED:
        with pytest.raises(VerificationError):
            check_proof(read_proof(json.dumps(told | {name: value}).encode()), KEYS)


def test_a_consistency_proof_that_was_altered_proves_nothing(auditor, folder):
    signed = folder.sizes(0, 10)
    told = get(auditor, "proofs/consistency", first=signed[0], second=signed[2]).json()
    other = get(auditor, "proofs/consistency", first=signed[1], second=signed[1] + 1).json()
    other["second_checkpoint"] = get(auditor, "checkpoints/latest").json()["note"].replace("shop", "shoq", 1)
    for name in ("first", "second", "first_root", "second_root", "consistency", "second_checkpoint"):
        with pytest.raises(VerificationError):
            check_proof(read_proof(json.dumps(told | {name: other[name]}).encode()), KEYS)


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_rubbish_is_no_proof_and_nothing_else_escapes(content):
    with pytest.raises(VerificationError):
        read_proof(content)


def test_hostile_numbers_are_refused_in_words(auditor):
    for number in ("0", "-1", "1e3", "٣", "nan", "9" * 40, "0x1", "1.5", "true", "99999999", "2;", "%00"):
        for what in ("inclusion?seq=", "inclusion?seq=3&size=", "consistency?first=3&second="):
            answer = auditor.get(f"/v1/audit/proofs/{what}{number}")
            assert answer.status_code in {400, 404}, (what, number, answer.text)
            assert problem_of(answer, answer.status_code)


def test_checkpoints_are_listed_page_by_page_and_each_is_a_signed_note(auditor, folder):
    first = get(auditor, "checkpoints", limit=2).json()
    rest = get(auditor, "checkpoints", limit=2, after=first["next"]).json()
    assert ([one["tree_size"] for one in first["checkpoints"] + rest["checkpoints"]], rest["next"]) == (
        folder.sizes(0, 10),
        None,
    )
    for one in first["checkpoints"]:
        assert SIGNER.verifier.verify(Note.read(one["note"].encode()))
    assert get(auditor, "checkpoints/latest").json() == rest["checkpoints"][-1]
    assert get(auditor, "checkpoints", after=10**9).json() == {"checkpoints": [], "next": None}


def test_where_nothing_is_signed_that_is_said(explainer, database):
    with database.session() as session:
        key = create_key(session, "auditor", Role.AUDITOR)
    with TestClient(create_app(explainer, queue=2)) as client:
        client.headers["X-API-Key"] = key
        answer = client.get("/v1/audit/checkpoints/latest")
        assert "explainer audit checkpoint" in problem_of(answer, 404)
        assert client.get("/v1/audit/checkpoints").json()["checkpoints"] == []
        assert client.get("/v1/audit/proofs/inclusion?seq=1").json()["checkpoint"] == ""


def test_a_folder_that_cannot_be_written_is_told_and_the_service_goes_on(explainer, database, tmp_path):
    (tmp_path / "full").write_text("a file where the folder should be")
    grow(database, 2)
    signing = Checkpointer(database, CheckpointFolder(tmp_path / "full"), SIGNER, entries=1, seconds=0.01)
    while not signing.failures:
        assert signing._thread.is_alive()
    with TestClient(create_app(explainer, queue=2, parts=Parts(checkpointer=signing))) as client:
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert any("audit log is not signed" in one for one in ready.json()["reasons"])
        with database.session() as session:
            client.headers["Authorization"] = f"Bearer {create_key(session, 'prometheus', Role.ADMIN)}"
        metrics = client.get("/metrics").text
        assert "explainer_audit_signed 0.0" in metrics
        (tmp_path / "full").unlink()
        while signing.trouble:
            assert signing._thread.is_alive()
        assert client.get("/metrics").text.count("explainer_audit_signed 1.0") == 1
    signing.close()
    assert signing.folder.newest() == size_of(database)


def test_the_commands_make_proofs_and_check_them(database, monkeypatch, tmp_path):
    home = tmp_path / "home"

    def run(*arguments, told=None):
        return CliRunner().invoke(main, ["--home", str(home), "audit", *arguments], input=told)

    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    key = run("key").output.strip()
    grow(database, 5)
    unsigned = run("prove", "3").output
    assert run("check-proof", "-", "--key", key, told=unsigned).exit_code == 3
    run("checkpoint")
    size = size_of(database)
    grow(database, 5)
    run("checkpoint")
    grow(database, 2)  # a live service has entries that are signed a little later
    inclusion, grown = run("prove", "3").output, run("consistency", str(size)).output
    for proof in (inclusion, grown, run("prove", "3", "--size", str(size)).output):
        checked = run("check-proof", "-", "--key", key, told=proof)
        assert (checked.exit_code, "Proved" in checked.output) == (0, True), checked.output
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", "sqlite:////nowhere/at/all.db")
    (tmp_path / "proof.json").write_text(grown)
    assert run("check-proof", str(tmp_path / "proof.json"), "--key", key).exit_code == 0, "without a database"
    bad = msgspec.json.encode(msgspec.json.decode(inclusion) | {"seq": 4}).decode()
    for told, other in ((bad, key), (inclusion, str(SIGNER.verifier)), ("{}", key), (inclusion, "rubbish")):
        refused = run("check-proof", "-", "--key", other, told=told)
        assert (refused.exit_code, "Not proved" in refused.output) == (2, True), refused.output
