"""A receipt proves an erasure to anybody, and a second time changes nothing."""

from __future__ import annotations

import msgspec
import pytest

from explainer.audit.errors import VerificationError
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.receipts import check_receipt
from tests.databases import ON_POSTGRESQL
from tests.integration.erasure.acting import X, checked, delete_user
from tests.integration.traces import USER, live


def test_a_receipt_proves_the_erasure_to_anybody(desk, database):
    live(desk)
    receipt = delete_user(desk)
    check_receipt(receipt)
    assert receipt.refit == receipt.proof.record["training"] != []
    assert receipt.cleared is not ON_POSTGRESQL  # there a thread does it, for it may take minutes
    proof = receipt.proof
    forged = [
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
    ]
    for one in forged:
        with pytest.raises(VerificationError):
            check_receipt(one)


def replace_in(struct, **changes):
    return msgspec.structs.replace(struct, **changes)


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
