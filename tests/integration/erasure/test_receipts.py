"""A receipt proves an erasure to anybody, and a second time changes nothing."""

from __future__ import annotations

import base64
from datetime import timedelta

import msgspec
import pytest

from explainer.audit.entries import leaf_of
from explainer.audit.errors import VerificationError
from explainer.audit.keys import make_signer
from explainer.audit.notes import Signer
from explainer.cli.common import console
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.receipts import check_receipt
from tests.databases import ON_POSTGRESQL
from tests.integration.commands import run
from tests.integration.erasure.acting import X, checked, delete_user
from tests.integration.traces import USER, live

DAY = timedelta(days=1)


def test_a_receipt_proves_the_erasure_to_anybody(desk, database):
    live(desk)
    receipt = delete_user(desk)
    check_receipt(receipt)
    assert receipt.refit == receipt.proof.record["training"] != []
    assert receipt.cleared is not ON_POSTGRESQL  # there a thread does it, for it may take minutes
    proof = receipt.proof
    forged = [
        replace_in(receipt, id="x"),
        replace_in(receipt, refit=[]),
        replace_in(receipt, requested_at=receipt.requested_at - DAY),
        replace_in(receipt, ended_at=receipt.ended_at + DAY),
        replace_in(receipt, ended_at=receipt.ended_at + DAY, seconds=receipt.seconds + DAY.total_seconds()),
        replace_in(receipt, seconds=0.0),
        replace_in(receipt, corpora=None),
        replace_in(receipt, counts={"behaviours": 0}),
        replace_in(receipt, code="0" * 64),
        replace_in(receipt, proof=replace_in(proof, record=proof.record | {"counts": {}})),
        replace_in(receipt, proof=replace_in(proof, salt="00" * 16)),
        replace_in(receipt, proof=replace_in(proof, digest="0" * 64)),
        replace_in(receipt, proof=replace_in(proof, seq=proof.seq - 1)),
        replace_in(receipt, proof=replace_in(proof, size=proof.size + 1)),
        replace_in(receipt, proof=replace_in(proof, hashes=proof.hashes[:-1])),
        replace_in(receipt, proof=replace_in(proof, hashes=["!"])),
        replace_in(receipt, proof=replace_in(proof, event="erasure.undone")),
        made_up(receipt, event="explanation.created"),
    ]
    for one in forged:
        with pytest.raises(VerificationError):
            check_receipt(one)


def replace_in(struct, **changes):
    return msgspec.structs.replace(struct, **changes)


def made_up(receipt, **changes):
    """Return the receipt as the only entry of a log that never was."""
    alone = replace_in(receipt.proof, seq=1, size=1, hashes=[], **changes)
    leaf = leaf_of(1, alone.at, alone.event, receipt.id, alone.digest)
    return replace_in(receipt, proof=replace_in(alone, root=base64.b64encode(leaf).decode()))


@pytest.fixture
def key(erasing):
    return make_signer(erasing.signing.key, erasing.signing.folder).verifier


def test_with_the_public_key_nobody_can_make_up_a_log_that_it_is_in(desk, key):
    live(desk)
    receipt = delete_user(desk)
    assert check_receipt(receipt, [key])
    assert not check_receipt(receipt)
    forged = made_up(receipt)
    with pytest.raises(VerificationError, match="not the one that was signed"):
        check_receipt(forged, [key])
    unsigned = replace_in(forged, proof=replace_in(forged.proof, checkpoint=""))
    assert not check_receipt(unsigned, [key])
    with pytest.raises(VerificationError, match="stands for"):
        check_receipt(receipt, [Signer.new(key.name).verifier])


def test_who_was_erased_before_the_log_was_signed_gets_a_signed_receipt_later(desk, erasing):
    receipt = delete_user(desk)
    assert receipt.proof.checkpoint == ""
    assert not check_receipt(receipt)
    public = make_signer(erasing.signing.key, erasing.signing.folder).verifier
    again = delete_user(desk)
    assert again.id == receipt.id
    assert check_receipt(again, [public])


def test_the_command_tells_a_signed_receipt_from_one_that_anybody_can_make_and_whose_it_is(
    desk, erasing, key, tmp_path, monkeypatch
):
    monkeypatch.setattr(console, "width", 300)
    receipt = delete_user(desk)
    told = tmp_path / "receipt.json"

    def check(shown, *words):
        told.write_bytes(msgspec.json.encode(shown))
        done = run(tmp_path / "elsewhere", "subject", "check", str(told), *words)
        return done.exit_code, done.output

    public = ("--key", str(key))
    assert check(receipt, *public)[0] == 0
    code, output = check(receipt)
    assert (code, "--key" in output) == (3, True)
    assert not (tmp_path / "elsewhere").exists()
    forged = made_up(receipt)
    assert check(forged, *public)[0] == 2
    code, output = check(replace_in(forged, proof=replace_in(forged.proof, checkpoint="")), *public)
    assert (code, "anybody can make" in output) == (3, True)
    assert check(receipt, *public, "--user", USER)[0] == 1  # nobody can tell without the erasure key
    monkeypatch.setenv("EXPLAINER_ERASURE_KEY", str(erasing.list.path.with_name("erasure.key")))
    code, output = check(receipt, *public, "--user", USER)
    assert (code, "which is theirs" in output) == (0, True)
    code, output = check(receipt, *public, "--user", "u1")
    assert (code, "Not theirs" in output) == (4, True)


def test_a_second_time_changes_nothing_and_has_the_same_receipt(desk, database):
    live(desk)
    first = delete_user(desk)
    entries = checked(database).entries
    again = delete_user(desk, role=X)
    assert (again.id, again.counts, again.proof.seq) == (first.id, first.counts, first.proof.seq)
    check_receipt(again)
    assert checked(database).entries == entries


def test_somebody_of_whom_nothing_is_held_gets_a_receipt_too(desk, database):
    receipt = delete_user(desk, "never-met")
    assert (receipt.counts, receipt.refit) == ({}, [])
    check_receipt(receipt)
    assert checked(database).sound


def test_the_code_cannot_be_guessed_without_the_key(desk, database, erasing):
    receipt = delete_user(desk)
    assert receipt.code == erasing.key.code(USER)
    assert ErasureKey.new().code(USER) != receipt.code
