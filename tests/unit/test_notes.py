"""Signed notes and checkpoints: what was signed is what is read, and nothing else passes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainer.audit import verify_alone
from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import EMPTY_ROOT, leaf_hash
from explainer.audit.notes import Note, Signer, Verifier

# From the documentation of Go's sumdb/note, where these are the example's key and note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SIGNER = Signer("shop", bytes(range(32)))


def test_a_note_that_others_have_signed_is_verified():
    note = Note.read(GO_NOTE.encode())
    assert Verifier.read(GO_KEY).verify(note)
    assert not SIGNER.verifier.verify(note), "somebody else's"
    with pytest.raises(VerificationError, match="altered"):
        Verifier.read(GO_KEY).verify(Note.read(GO_NOTE.replace("answer", "question").encode()))


def test_keys_are_read_as_they_are_written():
    assert Signer.read(SIGNER.secret()) == SIGNER
    assert Verifier.read(str(SIGNER.verifier)) == SIGNER.verifier
    made = Signer.new("other")
    assert Signer.read(made.secret()).verifier == made.verifier
    with pytest.raises(ValueError, match="plus sign"):
        Signer.new("a+b")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1), st.integers(0, 10**17))
@settings(max_examples=80, deadline=None)
def test_what_is_signed_is_what_is_read(origin, size):
    if not origin.strip():
        return
    checkpoint = Checkpoint(origin, size, leaf_hash(b"x"), "2026-11-25T00:00:00+00:00")
    note = Note.read(SIGNER.sign(checkpoint.text()).encode())
    assert SIGNER.verifier.verify(note)
    assert Checkpoint.read(note.text) == checkpoint


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_rubbish_is_refused_and_nothing_else_escapes(raw):
    for read in (
        Note.read,
        lambda b: Checkpoint.read(b.decode("latin-1")),
        lambda b: Verifier.read(b.decode("latin-1")),
    ):
        try:
            read(raw)
        except VerificationError:
            continue


@given(st.integers(0, 10_000), st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_no_bit_of_a_signed_checkpoint_can_be_flipped(place, bit):
    raw = bytearray(SIGNER.sign(Checkpoint("shop", 7, leaf_hash(b"x")).text()).encode())
    raw[place % len(raw)] ^= 1 << bit
    try:
        note = Note.read(bytes(raw))
        signed = SIGNER.verifier.verify(note)
    except VerificationError:
        return
    assert not signed, bytes(raw)


@pytest.mark.parametrize("bit", range(6))
def test_every_bit_of_a_signature_counts(tmp_path, bit):
    """The last character before the equals sign has two bits that a lenient reader throws away."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    note = SIGNER.sign(Checkpoint("shop", 7, leaf_hash(b"x")).text())
    at = note.rindex("=") - 1
    path = tmp_path / f"{7:018d}.checkpoint"
    path.write_text(note[:at] + letters[letters.index(note[at]) ^ 1 << bit] + note[at + 1 :])
    with pytest.raises(VerificationError):
        list(CheckpointFolder(tmp_path).read(SIGNER.verifier))
    with pytest.raises((verify_alone.Unreadable, ValueError)):
        verify_alone.signed_roots(tmp_path, verify_alone.key_of(str(SIGNER.verifier)))


ROOT = base64.b64encode(EMPTY_ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop\n",
        "shop\n1\n",
        f"shop\n01\n{ROOT}\n",
        f"\n1\n{ROOT}\n",
        f"shop\n-1\n{ROOT}\n",
        "shop\n1\nx\n",
        f"shop\n{'9' * 30}\n{ROOT}\n",
        f"shop\n١\n{ROOT}\n",
        "shop\n1\nc2hvcnQ=\n",
    ],
)
def test_what_is_no_checkpoint_is_told(text):
    with pytest.raises(VerificationError):
        Checkpoint.read(text)


def test_a_stranger_s_checkpoint_is_refused(tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.add(Checkpoint("shop", 3, leaf_hash(b"3")), Signer.new("thief"))
    with pytest.raises(VerificationError, match="not signed by 'shop'"):
        list(folder.read(SIGNER.verifier))


def test_a_checkpoint_is_written_once(tmp_path):
    folder = CheckpointFolder(tmp_path)
    path = folder.add(Checkpoint("shop", 3, leaf_hash(b"3")), SIGNER)
    before = path.read_bytes()
    folder.add(Checkpoint("shop", 3, leaf_hash(b"other")), SIGNER)
    assert path.read_bytes() == before
