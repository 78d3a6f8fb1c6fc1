"""Checkpoints: the size and root of the log at a moment, signed (C2SP ``tlog-checkpoint``).

Kept outside the database, they are what a log is held against afterwards: nobody who can write to the database can make
another log that fits them. A folder holds one file per checkpoint, named by its size, and the public keys that signed
them; a new key is introduced by a note that the old one has signed.
"""

from __future__ import annotations

import base64
import binascii
import heapq
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
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
        size = _size(lines[1])
        try:
            root = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError):
            root = b""
        if len(root) != HASH_BYTES:
            raise VerificationError("A checkpoint's root is 32 bytes in Base64; this is not.")
        more = dict(line.split(" ", 1) for line in reversed(lines[_LINES:]) if " " in line)
        after = _size(more["after"]) if "after" in more else None
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
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(checkpoint.size)
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

    def mark(self) -> str:
        """Return what tells this folder from any other, wherever it is mounted; empty where it cannot be written.

        It is in the folder itself: one path may be two folders on two hosts, and two paths one.
        """
        path = self.folder / _MARK
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_once(path, secrets.token_hex(16))
            return _text(path).strip()[:_MARK_LENGTH]
        except (OSError, VerificationError):
            return ""  # that nothing can be written there is told when something is to be signed

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

    def note(self, size: int) -> str:
        """Return the signed note of a size as it is kept, not verified; empty without one.

        Raises:
            VerificationError: If it cannot be read.
        """
        path = self._path(size)
        return _text(path) if path.exists() else ""

    def sizes(self, after: int = -1, most: int | None = None) -> list[int]:
        """Return the sizes that checkpoints vouch for by their names, the smallest first; nothing is verified.

        Args:
            after: Only larger ones.
            most: No more than so many.
        """
        found = (int(path.stem) for path in self._files("checkpoint") if path.stem.isdecimal())
        return sorted(size for size in found if size > after)[:most]

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

    def read(self, key: Verifier, kept: Path | None = None) -> Iterator[Checkpoint]:
        """Yield every checkpoint, the smallest first, each of which a trusted key has signed.

        Args:
            key: The public key that whoever verifies has from elsewhere.
            kept: One more, that whoever verifies has kept: nobody can take it out of the folder.

        Raises:
            VerificationError: If one is not signed, is of another log, or cannot be read.
        """
        keys = self.trusted(key)
        more = [] if kept is None else [_signed(kept, keys)]
        yield from heapq.merge(self._all(keys), more, key=lambda one: one.size)

    def _all(self, keys: Sequence[Verifier]) -> Iterator[Checkpoint]:
        sizes = {0}
        for path in self._files("checkpoint"):
            checkpoint = _signed(path, keys)
            if path != self._path(checkpoint.size):
                raise VerificationError(f"{path.name}: renamed; it is the checkpoint at {checkpoint.size} entries.")
            if checkpoint.after is not None and checkpoint.after not in sizes:
                raise VerificationError(f"{path.name}: the one before it, at {checkpoint.after}, was taken away.")
            sizes.add(checkpoint.size)
            yield checkpoint

    def _path(self, size: int) -> Path:
        return self.folder / f"{size:018d}.checkpoint"

    def _files(self, kind: str) -> list[Path]:
        return sorted(self.folder.glob(f"*.{kind}")) if self.folder.is_dir() else []


def _signed(path: Path, keys: Sequence[Verifier]) -> Checkpoint:
    """Return the checkpoint of a file that one of the keys has signed."""
    note = _note(path)
    if not _is_signed(note, keys, path):
        raise VerificationError(f"{path.name}: not signed by {keys[0].name!r}, nor by a key that it introduced.")
    checkpoint = _named(path, Checkpoint.read, note.text)
    if checkpoint.origin not in {one.name for one in keys}:
        raise VerificationError(f"{path.name}: a checkpoint of another log, {checkpoint.origin!r}.")
    return checkpoint


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and text == str(int(text))):
        raise VerificationError(f"A checkpoint's size is a plain number; this is {text[:40]!r}.")
    return int(text)


def _introduced(note: Note, path: Path) -> Verifier:
    head, _, rest = note.text.partition("\n")
    if head != _ROTATION:
        raise VerificationError(f"{path.name}: a signed note, but no rotation.")
    return _named(path, Verifier.read, rest)


def _is_signed(note: Note, keys: Sequence[Verifier], path: Path) -> bool:
    signed = [_named(path, key.verify, note) for key in keys]  # all of them: a false signature must not hide behind one
    return any(signed)


def _note(path: Path) -> Note:
    return _named(path, Note.read, _raw(path))


def _text(path: Path) -> str:
    try:
        return _raw(path).decode()
    except UnicodeDecodeError as error:
        raise VerificationError(f"{path.name}: a signed note is UTF-8 text; this is not.") from error


def _raw(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise VerificationError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > _MOST_BYTES:
        raise VerificationError(f"{path.name}: too long for a note.")
    return raw


def _named(path: Path, do: Callable[[A], T], argument: A) -> T:
    """Return what it makes of the argument; what it has against it, it says of the file."""
    try:
        return do(argument)
    except VerificationError as error:
        raise VerificationError(f"{path.name}: {error}") from error


def _write_once(path: Path, text: str) -> None:
    """Write a file that is whole once it is there; one that is there stays, whoever else is writing it just now."""
    if path.exists():
        return
    # Not the number of the process: two containers that share a folder may have the same.
    fresh = path.with_suffix(f".{secrets.token_hex(8)}.new")
    try:
        with fresh.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            _publish(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _publish(fresh: Path, path: Path) -> None:
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:  # a mounted bucket knows no links; there the last of two that write at once stays
        fresh.replace(path)
