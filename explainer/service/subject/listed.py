"""The erasure list: a file outside the database that says who was erased, by code, and nothing else of them.

A database that is restored from a backup has them again, and knows nothing of their erasure. This file does.
A line is written before its erasure is carried out: one that was cut short is then made good at the next start.
"""

from __future__ import annotations

import errno
import fcntl
import hmac
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from explainer.errors import ErasureError
from explainer.service.subject.codes import ErasureKey


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That somebody was to be erased.

    Attributes:
        id: Of the erasure; a database that it was carried out in has a row of that id.
        code: Whose.
        at: When it was asked for.
    """

    id: str
    code: str
    at: datetime


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line: Line
    seal: str


@dataclass(frozen=True, slots=True)
class ErasureList:
    """See the module; several processes may add to one file.

    Attributes:
        path: The file; None keeps no list.
        key: Seals the lines.
    """

    path: Path | None
    key: ErasureKey

    def add(self, line: Line) -> None:
        """Add a line; it is on the disk when this returns.

        Raises:
            ErasureError: If it cannot be written.
        """
        if self.path is None:
            return
        text = msgspec.json.encode(_Sealed(line, self.key.seal(_bytes(line)))) + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", 0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _append(file, text)
        except OSError as error:
            raise ErasureError(
                f"The erasure list {self.path} cannot be written ({error.strerror}), so nobody is erased: a backup "
                "that is restored would bring them back. Mend that, or set EXPLAINER_ERASURE_LIST."
            ) from error

    def lines(self) -> Sequence[Line]:
        """Return every line, oldest first; a list that was never begun has none.

        Raises:
            ErasureError: If it cannot be read, or a line is not one that was written with this key.
        """
        if self.path is None or not self.path.exists():
            return []
        try:
            return [self._read(text, number) for number, text in enumerate(self.path.read_bytes().splitlines(), 1)]
        except OSError as error:
            raise ErasureError(f"The erasure list {self.path} cannot be read: {error.strerror}") from error

    def _read(self, text: bytes, number: int) -> Line:
        try:
            found = msgspec.json.decode(text, type=_Sealed)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise ErasureError(f"{self.path}, line {number}: not a line of an erasure list ({error}).") from error
        if not hmac.compare_digest(found.seal, self.key.seal(_bytes(found.line))):
            raise ErasureError(
                f"{self.path}, line {number}: not sealed with the key in use. Put the key back that the list was "
                "written with (EXPLAINER_ERASURE_KEY), or the list that belongs to this key."
            )
        return found.line


def _append(file: io.FileIO, text: bytes) -> None:
    """Add a line that is there whole or not at all, even when the disk is full."""
    before = file.seek(0, os.SEEK_END)
    try:
        if file.write(text) != len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
    except OSError:
        file.truncate(before)
        raise


def _bytes(line: Line) -> bytes:
    return msgspec.json.encode(line, order="deterministic")
