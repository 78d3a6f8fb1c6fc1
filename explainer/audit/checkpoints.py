"""Checkpoints: the size and root of the log at a moment, signed (C2SP ``tlog-checkpoint``).

Kept outside the database, they are what a log is held against afterwards: nobody who can write to the database can make
another log that fits them. A folder holds one file per checkpoint, named by its size, and the public keys that signed
them; a new key is introduced by a note that it and the old one have signed.
"""

from __future__ import annotations

import base64
import heapq
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from explainer.audit.errors import VerificationError
from explainer.audit.files import listed, named, read_note, read_text, stems, write_once
from explainer.audit.merkle import HASH_BYTES
from explainer.audit.notes import Note, Signer, Verifier, decoded, plain_number
from explainer.audit.rotations import Trust, require_in_use, rotation_note, trust

_LINES = 3
_MARK, _MARK_LENGTH = "folder.id", 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was.

    Attributes:
        origin: Which log; the name of the key that signs for it.
        size: Its entries.
        root: The root of its tree, 32 bytes.
        at: When it was signed, UTC, as ISO 8601; empty in one that does not say.
        after: Size of a checkpoint that there was when it was signed, 0 for the first; None in one that does not say.
            So one that was taken away is missed.
    """

    origin: str
    size: int
    root: bytes
    at: str = ""
    after: int | None = None

    def text(self) -> str:
        """Return what is signed."""
        more = (f"at {self.at}\n" if self.at else "") + ("" if self.after is None else f"after {self.after}\n")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{more}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the checkpoint of a note's text.

        Raises:
            VerificationError: If it is none.
        """
        lines = text.split("\n")
        if len(lines) <= _LINES or not lines[0]:
            raise VerificationError(
                "A checkpoint has three lines: the log's name, its size and its root; this has not."
            )
        size, root = plain_number(lines[1]), decoded(lines[2])
        if len(root) != HASH_BYTES:
            raise VerificationError("A checkpoint's root is 32 bytes in Base64; this is not.")
        more = dict(line.split(" ", 1) for line in reversed(lines[_LINES:]) if " " in line)
        after = plain_number(more["after"]) if "after" in more else None
        return cls(lines[0], size, root, more.get("at", ""), after)


class CheckpointFolder:
    """Where checkpoints are kept.

    Args:
        folder: Best on another volume than the database, where the service may add files and not change any.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, checkpoint: Checkpoint, signer: Signer) -> Path:
        """Sign a checkpoint and write it; one that is there already stays.

        Raises:
            OSError: If it cannot be written.
        """
        path = self._path(checkpoint.size)
        write_once(path, signer.sign(checkpoint.text()))
        return path

    def rotate(self, old: Signer, new: Signer, size: int) -> Path:
        """Introduce a new key, signed by both; the old one may sign no more than the log has now.

        Raises:
            OSError: If it cannot be written.
        """
        path = self.folder / f"{old.verifier.id.hex()}-{new.verifier.id.hex()}.rotation"
        write_once(path, rotation_note(old, new, size))
        return path

    def mark(self) -> str:
        """Return what tells this folder from any other, wherever it is mounted; empty where it cannot be written.

        It is in the folder itself: one path may be two folders on two hosts, and two paths one.
        """
        path = self.folder / _MARK
        try:
            write_once(path, secrets.token_hex(16))
            return read_text(path).strip()[:_MARK_LENGTH]
        except (OSError, VerificationError):
            return ""  # that nothing can be written there is told when something is to be signed

    def last(self, key: Verifier) -> Checkpoint | None:
        """Return the last checkpoint; None without one.

        Args:
            key: The key that signs now.

        Raises:
            VerificationError: If it cannot be read, or neither this key nor one that it stands for has signed it.
        """
        files = listed(self.folder, "checkpoint")
        try:
            return _signed(files[-1], self.trusted(key)) if files else None
        except VerificationError as error:
            raise VerificationError(
                f"In {self.folder}, {error} Nothing is signed after it. Give all hosts that sign one "
                "EXPLAINER_AUDIT_KEY, start them again, and move elsewhere what was signed with another since. Where "
                f"the key before is lost, {begin_anew()}"
            ) from error

    def newest(self) -> int:
        """Return the size that the last checkpoint vouches for; 0 without one."""
        return max((int(stem) for stem in stems(self.folder, "checkpoint") if stem.isdecimal()), default=0)

    def note(self, size: int) -> str:
        """Return the signed note of a size as it is kept, not verified; empty without one.

        Raises:
            VerificationError: If it cannot be read.
        """
        path = self._path(size)
        return read_text(path) if path.exists() else ""

    def sizes(self, after: int = -1, most: int | None = None) -> list[int]:
        """Return the sizes that checkpoints vouch for by their names, the smallest first; nothing is verified.

        Args:
            after: Only larger ones.
            most: No more than so many.
        """
        found = (int(stem) for stem in stems(self.folder, "checkpoint") if stem.isdecimal())
        return sorted(size for size in found if size > after)[:most]

    def trust(self, key: Verifier) -> Trust:
        """Return the keys that a key stands for: those that came after it and those before it.

        Raises:
            VerificationError: If a rotation is not signed as it says.
        """
        return trust(key, listed(self.folder, "rotation"))

    def trusted(self, key: Verifier) -> list[Verifier]:
        """Return a key and those that it stands for, each with the size up to which it may sign; raises as above."""
        return self.trust(key).keys

    def read(self, key: Verifier, kept: Path | None = None) -> Iterator[Checkpoint]:
        """Yield every checkpoint, the smallest first, each of which a trusted key has signed.

        Args:
            key: The public key that whoever verifies has from elsewhere.
            kept: One more, that whoever verifies has kept: nobody can take it out of the folder.

        Raises:
            VerificationError: If one is not signed, is of another log, or cannot be read.
        """
        trusted = self.trust(key)
        more = [] if kept is None else [_signed(kept, trusted.keys)]
        yield from heapq.merge(self._all(trusted), more, key=lambda one: one.size)

    def _all(self, trusted: Trust) -> Iterator[Checkpoint]:
        sizes, files = {0}, listed(self.folder, "checkpoint")
        for path in files:
            checkpoint = _signed(path, trusted.keys)
            if path != self._path(checkpoint.size):
                raise VerificationError(f"{path.name}: renamed; it is the checkpoint at {checkpoint.size} entries.")
            if checkpoint.after is not None and checkpoint.after not in sizes:
                raise VerificationError(f"{path.name}: the one before it, at {checkpoint.after}, was taken away.")
            if path == files[-1]:
                _require_later(path, trusted)
            sizes.add(checkpoint.size)
            yield checkpoint

    def _path(self, size: int) -> Path:
        return self.folder / f"{size:018d}.checkpoint"


def signed_checkpoint(note: Note, keys: Sequence[Verifier]) -> Checkpoint:
    """Return the checkpoint of a note that one of the keys has signed when it might.

    Raises:
        VerificationError: If none has, if a signature is false, or if it is of another log.
    """
    signers = [
        key for key in keys if key.verify(note)
    ]  # all of them: a false signature must not hide behind a true one
    if not signers:
        raise VerificationError(f"not signed by {keys[0].name!r}, nor by a key that it stands for.")
    checkpoint = Checkpoint.read(note.text)
    if checkpoint.origin not in {one.name for one in keys}:
        raise VerificationError(f"a checkpoint of another log, {checkpoint.origin!r}.")
    require_in_use(signers, checkpoint.size)
    return checkpoint


def _require_later(path: Path, trusted: Trust) -> None:
    """Check that the last checkpoint is not by a key from before: a thief of that one could have made all of them."""
    note = read_note(path)
    if not any(key.verify(note) for key in trusted.later):
        raise VerificationError(
            f"{path.name}: the last one, and signed by a key before {trusted.key.name!r} alone. Since the rotation "
            "nothing was signed, or it was taken away. Where the log is, sign it: explainer audit checkpoint"
        )


def begin_anew() -> str:
    """Return what is left to do where a folder cannot be continued."""
    return (
        "begin another: set EXPLAINER_CHECKPOINTS to a folder with nothing but copies of the .rotation files and, "
        "where it lies in this one, of erasures.jsonl. Where the key that signed last is lost, set EXPLAINER_AUDIT_KEY "
        "to a file that is not there yet, beside the old one, and make it: explainer audit key. Tell your auditors "
        "from which entry on the folder vouches for the log, and with which key."
    )


def _signed(path: Path, keys: Sequence[Verifier]) -> Checkpoint:
    return named(path, lambda note: signed_checkpoint(note, keys), read_note(path))
