"""Checkpoints: the size and root of the log at a moment, signed (C2SP ``tlog-checkpoint``).

Kept outside the database, they are what a log is held against afterwards: nobody who can write to the database can make
another log that fits them. A folder holds one file per checkpoint, named by its size, and the public keys that signed
them; a new key is introduced by a note that the old one has signed.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from explainer.audit.errors import VerificationError
from explainer.audit.merkle import HASH_BYTES
from explainer.audit.notes import Note, Signer, Verifier

A = TypeVar("A")
T = TypeVar("T")
_LINES = 3
_MOST_DIGITS = 18
_MOST_BYTES = 100_000
_ROTATION = "rotation to"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was.

    Attributes:
        origin: Which log; the name of the key that signs for it.
        size: Its entries.
        root: The root of its tree, 32 bytes.
        at: When it was signed, UTC, as ISO 8601; empty in one that does not say.
    """

    origin: str
    size: int
    root: bytes
    at: str = ""

    def text(self) -> str:
        """Return what is signed."""
        more = f"at {self.at}\n" if self.at else ""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{more}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the checkpoint of a note's text.

        Raises:
            VerificationError: If it is none.
        """
        lines = text.split("\n")
        if len(lines) <= _LINES or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
            raise VerificationError(
                "A checkpoint has three lines: the log's name, its size and its root; this has not."
            )
        if len(lines[1]) > _MOST_DIGITS or lines[1] != str(int(lines[1])):
            raise VerificationError(f"A checkpoint's size is a plain number; this is {lines[1][:40]!r}.")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError):
            root = b""
        if len(root) != HASH_BYTES:
            raise VerificationError("A checkpoint's root is 32 bytes in Base64; this is not.")
        moments = [line.removeprefix("at ") for line in lines[_LINES:] if line.startswith("at ")]
        return cls(lines[0], int(lines[1]), root, moments[0] if moments else "")


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
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{checkpoint.size:018d}.checkpoint"
        _write_once(path, signer.sign(checkpoint.text()))
        return path

    def rotate(self, old: Signer, new: Signer) -> Path:
        """Introduce a new key, signed by the old one.

        Raises:
            OSError: If it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{old.verifier.id.hex()}-{new.verifier.id.hex()}.rotation"
        _write_once(path, old.sign(f"{_ROTATION}\n{new.verifier}\n"))
        return path

    def last(self, key: Verifier) -> Checkpoint | None:
        """Return the last checkpoint; None without one.

        Args:
            key: The key that signs now, which is the last one that was introduced.

        Raises:
            VerificationError: If it cannot be read, or neither this key nor one before it has signed it.
        """
        files = self._files("checkpoint")
        if not files:
            return None
        path = files[-1]
        note = _note(path)
        checkpoint = _named(path, Checkpoint.read, note.text)
        if checkpoint.origin == key.name and not _is_signed(note, [key], path):
            raise VerificationError(f"{path.name}: not signed by {key.name!r}.")
        return checkpoint

    def newest(self) -> int:
        """Return the size that the last checkpoint vouches for; 0 without one."""
        return max(self.sizes(), default=0)

    def sizes(self) -> list[int]:
        """Return the sizes that checkpoints vouch for by their names, the smallest first; nothing is verified."""
        return sorted(int(path.stem) for path in self._files("checkpoint") if path.stem.isdigit())

    def trusted(self, key: Verifier) -> list[Verifier]:
        """Return a key and those that it introduced, one after the other.

        Raises:
            VerificationError: If a rotation is not signed as it says.
        """
        found = [key]
        notes = [(path, _note(path)) for path in self._files("rotation")]
        for known in found:
            for path, note in notes:
                if _is_signed(note, [known], path):
                    new = _introduced(note, path)
                    found += [] if new in found else [new]
        return found

    def read(self, key: Verifier) -> Iterator[Checkpoint]:
        """Yield every checkpoint, the smallest first, each of which a trusted key has signed.

        Args:
            key: The public key that whoever verifies has from elsewhere.

        Raises:
            VerificationError: If one is not signed, is of another log, or cannot be read.
        """
        keys = self.trusted(key)
        for path in self._files("checkpoint"):
            note = _note(path)
            if not _is_signed(note, keys, path):
                raise VerificationError(f"{path.name}: not signed by {key.name!r}, nor by a key that it introduced.")
            checkpoint = _named(path, Checkpoint.read, note.text)
            if checkpoint.origin not in {one.name for one in keys}:
                raise VerificationError(f"{path.name}: a checkpoint of another log, {checkpoint.origin!r}.")
            yield checkpoint

    def _files(self, kind: str) -> list[Path]:
        return sorted(self.folder.glob(f"*.{kind}"))


def _introduced(note: Note, path: Path) -> Verifier:
    head, _, rest = note.text.partition("\n")
    if head != _ROTATION:
        raise VerificationError(f"{path.name}: a signed note, but no rotation.")
    return _named(path, Verifier.read, rest)


def _is_signed(note: Note, keys: Sequence[Verifier], path: Path) -> bool:
    signed = [_named(path, key.verify, note) for key in keys]  # all of them: a false signature must not hide behind one
    return any(signed)


def _note(path: Path) -> Note:
    with path.open("rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        raise VerificationError(f"{path.name}: too long for a note.")
    return _named(path, Note.read, raw)


def _named(path: Path, do: Callable[[A], T], argument: A) -> T:
    """Return what it makes of the argument; what it has against it, it says of the file."""
    try:
        return do(argument)
    except VerificationError as error:
        raise VerificationError(f"{path.name}: {error}") from error


def _write_once(path: Path, text: str) -> None:
    """Write a file that is whole once it is there; one that is there stays."""
    if path.exists():
        return
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(text, encoding="utf-8")
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)
