"""The file of the key that signs: whose it is, who may make it, and when not."""

from __future__ import annotations

import threading

import pytest

from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.keys import load_signer, load_verifier, make_signer, write_signer
from explainer.audit.merkle import leaf_hash
from explainer.audit.notes import Signer

SIGNER = Signer("shop", bytes(range(32)))


@pytest.fixture
def folder(tmp_path):
    return CheckpointFolder(tmp_path / "checkpoints")


def test_a_key_s_file_is_for_its_owner_alone_and_stays(tmp_path, folder):
    path = tmp_path / "keys" / "audit.key"
    made = make_signer(path, folder)
    assert load_signer(path) == make_signer(path, folder) == made
    assert path.stat().st_mode & 0o777 == 0o600
    write_signer(path, SIGNER)
    assert load_signer(path) == made, "nobody's key is written over"
    path.write_text("nonsense")
    with pytest.raises(VerificationError, match="no private key"):
        load_signer(path)
    public = tmp_path / "public"
    public.write_text(f"{made.verifier}\n")
    assert load_verifier(str(public)) == load_verifier(str(made.verifier)) == made.verifier


def test_whoever_only_reads_makes_no_key(tmp_path):
    with pytest.raises(VerificationError, match=r"There is no key .*EXPLAINER_AUDIT_KEY.*--key"):
        load_signer(tmp_path / "audit.key")
    assert list(tmp_path.iterdir()) == []


def test_a_lost_key_is_not_replaced_where_it_has_signed(tmp_path, folder):
    folder.add(Checkpoint("shop", 3, leaf_hash(b"3")), SIGNER)
    with pytest.raises(VerificationError, match="begin another: set EXPLAINER_CHECKPOINTS"):
        make_signer(tmp_path / "audit.key", folder)
    assert not (tmp_path / "audit.key").exists()


def test_all_who_come_at_once_get_one_key(tmp_path, folder):
    barrier, made = threading.Barrier(6), []

    def come():
        barrier.wait()
        made.append(make_signer(tmp_path / "audit.key", folder))

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [load_signer(tmp_path / "audit.key")] * 6
    assert [path.name for path in tmp_path.iterdir()] == ["audit.key"]
