"""Keys that came one after the other: whoever trusts one verifies what all of them signed while it was their turn.

Both verifiers are asked each time, ours and the stand-alone script.
"""

from __future__ import annotations

import pytest

from explainer.audit import verify_alone
from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import leaf_hash
from explainer.audit.notes import Signer

KEYS = [Signer("shop", bytes(range(32))), Signer("shop.2", bytes(range(1, 33))), Signer("shop.3", bytes(range(2, 34)))]
THIEF = Signer("thief", bytes(range(3, 35)))


@pytest.fixture
def folder(tmp_path):
    """Three checkpoints, each by the next key."""
    made = CheckpointFolder(tmp_path)
    sign(made, 3, KEYS[0])
    made.rotate(KEYS[0], KEYS[1], 4)
    sign(made, 5, KEYS[1])
    made.rotate(KEYS[1], KEYS[2], 6)
    sign(made, 7, KEYS[2])
    return made


def sign(folder, size, signer):
    folder.add(Checkpoint(signer.name, size, leaf_hash(bytes([size]))), signer)


def sizes(folder, signer):
    """Return the sizes that both verifiers find signed, or None where both refuse."""
    try:
        ours = [one.size for one in folder.read(signer.verifier)]
    except VerificationError:
        ours = None
    try:
        theirs = list(verify_alone.signed_roots(folder.folder, verify_alone.key_of(str(signer.verifier))))
    except (verify_alone.Unreadable, verify_alone.NotWhole, ValueError):
        theirs = None
    assert ours == theirs
    return ours


@pytest.mark.parametrize("signer", KEYS, ids=lambda one: one.name)
def test_whoever_has_any_of_the_keys_verifies_everything(folder, signer):
    assert sizes(folder, signer) == [3, 5, 7]


def test_a_stranger_s_key_verifies_nothing(folder):
    assert sizes(folder, THIEF) is None


@pytest.mark.parametrize("signer", KEYS, ids=lambda one: one.name)
@pytest.mark.parametrize("key", [0, 1])
def test_an_old_key_signs_no_more_than_there_was_when_it_was_followed(folder, signer, key):
    sign(folder, 8, KEYS[key])
    assert sizes(folder, signer) is None
    with pytest.raises(VerificationError, match=f"another key followed at {(4, 6)[key]}"):
        list(folder.read(signer.verifier))


def test_it_may_sign_up_to_that_size(folder):
    sign(folder, 4, KEYS[0])
    assert sizes(folder, KEYS[2]) == [3, 4, 5, 7]


def test_what_a_stolen_old_key_introduces_does_not_count_for_whoever_has_a_newer_one(folder):
    folder.rotate(KEYS[0], THIEF, 9)
    assert sizes(folder, KEYS[2]) == [3, 5, 7]
    assert sizes(folder, KEYS[0]) is None, "it says of two keys that they follow"
    with pytest.raises(VerificationError, match="two keys in one place"):
        folder.trusted(KEYS[0].verifier)
    sign(folder, 9, THIEF)
    assert sizes(folder, KEYS[2]) is None


def test_a_thief_of_an_old_key_cannot_make_a_log_that_ends_before_the_rotation(folder, tmp_path):
    """Whoever has a newer key asks for what that one, or one after it, has signed."""
    (tmp_path / f"{7:018d}.checkpoint").unlink()
    assert sizes(folder, KEYS[1]) == [3, 5]
    assert sizes(folder, KEYS[2]) is None
    with pytest.raises(VerificationError, match="explainer audit checkpoint"):
        list(folder.read(KEYS[2].verifier))
    (tmp_path / f"{5:018d}.checkpoint").unlink()
    assert sizes(folder, KEYS[0]) == [3], "whoever has the stolen key alone cannot tell"
    assert sizes(folder, KEYS[1]) is None


def test_a_key_cannot_make_others_its_ancestors_or_heirs(folder, tmp_path):
    """Both must have signed."""
    text, _, lines = next(tmp_path.glob(f"{KEYS[0].verifier.id.hex()}*")).read_text().rpartition("\n\n")
    for path in tmp_path.glob("*.rotation"):
        path.unlink()
    sign_ = [line for line in lines.splitlines() if line]
    for left in sign_:
        (tmp_path / "half.rotation").write_text(f"{text}\n\n{left}\n")
        assert sizes(folder, KEYS[0]) is None
        assert sizes(folder, KEYS[1]) is None


def test_a_rotation_of_the_earlier_form_leads_forward_only(tmp_path):
    folder = CheckpointFolder(tmp_path)
    sign(folder, 3, KEYS[0])
    (tmp_path / "a.rotation").write_text(KEYS[0].sign(f"rotation to\n{KEYS[1].verifier}\n"))
    sign(folder, 5, KEYS[1])
    folder.rotate(KEYS[1], KEYS[2], 6)
    sign(folder, 7, KEYS[2])
    assert sizes(folder, KEYS[0]) == [3, 5, 7]
    assert sizes(folder, KEYS[1]) is None
    assert [one.name for one in folder.trusted(KEYS[2].verifier)] == ["shop.3", "shop.2"]


def test_keys_that_name_each_other_end_somewhere(folder):
    folder.rotate(KEYS[2], KEYS[0], 9)
    assert {tuple(sizes(folder, signer)) for signer in KEYS} == {(3, 5, 7)}


@pytest.mark.parametrize(
    "text",
    [
        "rotation to\n",
        "rotation from\n{new}\n",
        "rotation to\n{new}\nfrom {old}\n",
        "rotation to\n{new}\nfrom {old}\nuntil 04\n",
        "rotation to\n{new}\nfrom {old}\nuntil 4\nmore\n",
        "rotation to\n{new}\nuntil 4\nfrom {old}\n",
        "rotation to\n{old}x\n",
    ],
)
def test_what_is_no_rotation_is_told(tmp_path, text):
    folder = CheckpointFolder(tmp_path)
    sign(folder, 3, KEYS[0])
    told = text.format(new=KEYS[1].verifier, old=KEYS[0].verifier)
    (tmp_path / "a.rotation").write_text(KEYS[0].sign(told))
    assert sizes(folder, KEYS[0]) is None
