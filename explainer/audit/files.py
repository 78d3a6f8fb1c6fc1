"""Files of signed notes: read with errors that name them, listed so that none is overlooked, and written once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from explainer.audit.errors import VerificationError
from explainer.audit.notes import Note

A = TypeVar("A")
T = TypeVar("T")
_MOST_BYTES = 100_000
_SHARED = 0o666


def read_note(path: Path) -> Note:
    """Return the note of a file; nothing is verified yet.

    Raises:
        VerificationError: If it is none, or cannot be read.
    """
    return named(path, Note.read, _raw(path))


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        VerificationError: If it is none, or cannot be read.
    """
    try:
        return _raw(path).decode()
    except UnicodeDecodeError as error:
        raise VerificationError(f"{path.name}: a signed note is UTF-8 text; this is not.") from error


def named(path: Path, do: Callable[[A], T], argument: A) -> T:
    """Return what it makes of the argument; what it has against it, it says of the file."""
    try:
        return do(argument)
    except VerificationError as error:
        raise VerificationError(f"{path.name}: {error}") from error


def listed(folder: Path, kind: str) -> list[Path]:
    """Return the files of a kind by their names; none where there is no folder yet.

    Raises:
        VerificationError: If the folder cannot be read: that is not the same as an empty one.
    """
    return [folder / f"{stem}.{kind}" for stem in sorted(stems(folder, kind))]


def stems(folder: Path, kind: str) -> list[str]:
    """Return what the files of a kind are called, without their kind, in any order: a year makes half a million.

    Raises:
        VerificationError: As :func:`listed`.
    """
    ending = f".{kind}"
    try:
        with os.scandir(folder) as found:
            return [one.name.removesuffix(ending) for one in found if one.name.endswith(ending)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise VerificationError(f"{folder} cannot be read: {error.strerror}") from error


def write_once(path: Path, text: str, mode: int = _SHARED) -> None:
    """Write a file that is whole once it is there; one that is there stays, whoever else is writing it just now.

    Raises:
        OSError: If it cannot be written.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not the number of the process: two containers that share a folder may have the same.
    fresh = path.with_suffix(f".{secrets.token_hex(8)}.new")
    try:
        _write(fresh, text, mode)
        with suppress(FileExistsError):
            _publish(fresh, path, text, mode)
    finally:
        with suppress(OSError):  # where files can be added and not taken away it stays, and nobody reads it
            fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def replace(fresh: Path, path: Path) -> None:
    """Put one file in the place of another, at once and for good.

    Raises:
        OSError: If that cannot be done.
    """
    fresh.replace(path)
    _sync_folder(path.parent)


def _publish(fresh: Path, path: Path, text: str, mode: int) -> None:
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:  # a mounted bucket knows no links
        try:
            fresh.rename(path)  # there the last of two that write at once stays
        except OSError:  # nor new names; what it takes at all it shows once it is whole
            _write(path, text, mode)


def _write(path: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _raw(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise VerificationError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > _MOST_BYTES:
        raise VerificationError(f"{path.name}: too long for a note.")
    return raw


def _sync_folder(folder: Path) -> None:
    """Have the folder's entry outlive a power cut, too, where the system can do that."""
    with suppress(OSError):
        there = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(there)
        finally:
            os.close(there)
