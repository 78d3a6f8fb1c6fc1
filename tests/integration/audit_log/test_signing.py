"""Who signs the log: a service by itself, several at once, nobody what was cut, and no stranger."""

from __future__ import annotations

import threading

import pytest

from explainer.audit.checkpointer import Checkpointer, sign_head
from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import node_hash
from explainer.audit.nodes import hashes_of
from explainer.audit.notes import Signer
from explainer.audit.verify import Fault
from explainer.storage.database import Database
from tests.integration.audit_log.acting import ENTRIES, SIGNER, fault, grow, verified
from tests.integration.tampering import tamper


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


@pytest.mark.both
@pytest.mark.parametrize("end", [16, 15, 21])
def test_nodes_that_lead_to_a_forged_beginning_are_not_signed(empty, folder, end):
    """Old nodes left as they were, and one above them made of another beginning: a proof of a forged entry."""
    grow(empty, 8)
    sign_head(empty, folder, SIGNER)
    grow(empty, end)
    level = 4 if end >= 16 else 3
    with empty.session() as session:
        (right,) = hashes_of(session, [(3, 1)]) if level == 4 else [b""]
    forged = (node_hash(bytes(32), right) if right else bytes(32)).hex()
    tamper(empty, f"UPDATE audit_nodes SET hash = '{forged}' WHERE level = {level} AND place = 0")
    with pytest.raises(VerificationError, match="another than the one that was signed at 8"):
        sign_head(empty, folder, SIGNER)
    assert folder.newest() == 8


def test_checkpoints_of_a_stranger_or_of_another_log_do_not_vouch(signed, folder, tmp_path):
    with pytest.raises(VerificationError, match="not signed by 'auditor'"):
        verified(signed, folder, Signer("auditor", bytes(32)).verifier)
    other = CheckpointFolder(tmp_path / "other")
    other.add(Checkpoint("another shop", ENTRIES, bytes(32)), SIGNER)
    with pytest.raises(VerificationError, match="of another log"):
        verified(signed, other)


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
