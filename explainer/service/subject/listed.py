"""The erasure list: a file outside the database that says who was erased, by code, and nothing else of them.

A database that is restored from a backup has them again, and knows nothing of their erasure. This file does.
A line is written before its erasure is carried out: one that was cut short is then made good at the next start.

The seal of a line holds that of the line before it, so lines that were taken out are missed, unless they are the last:
those only whoever has their erasures on record can miss. Lists may be joined in any order; each stays whole by itself.
"""

from __future__ import annotations

import errno
import fcntl
import hmac
import io
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from explainer.errors import ErasureError
from explainer.service.subject.codes import ErasureKey

_log = logging.getLogger(__name__)
_LONGEST = 4096  # bytes that a line never has


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


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line as it is written.

    Attributes:
        line: What it says.
        seal: Made with the key, of the line and of what it comes after.
        after: The seal before it, empty for the first; None in lines from before they held that.
    """

    line: Line
    seal: str
    after: str | None = None


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
            ErasureError: If it cannot be written, or the last line is not one that was written with this key.
        """
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", 0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                after = self._last(file)
                sealed = _Sealed(line, self.key.seal(_bytes(line, after)), after)
                _append(file, msgspec.json.encode(sealed) + b"\n")
            if not after:
                _keep_name(self.path)
        except OSError as error:
            raise ErasureError(
                f"The erasure list {self.path} cannot be written ({error.strerror}), so nobody is erased: a backup "
                "that is restored would bring them back. Mend that, or set EXPLAINER_ERASURE_LIST."
            ) from error

    def lines(self) -> Sequence[Line]:
        """Return every line, oldest first; a list that was never begun has none.

        Raises:
            ErasureError: If it cannot be read, a line is not one that was written with this key, or one is missing.
        """
        if self.path is None or not self.path.exists():
            return []
        try:
            raw = self.path.read_bytes()
        except OSError as error:
            raise ErasureError(f"The erasure list {self.path} cannot be read: {error.strerror}") from error
        *whole, last = raw.split(b"\n")
        if last and not _is_torn(last):
            whole.append(last)
        found = [self._read(text, f"line {number}") for number, text in enumerate(whole, 1)]
        self._require_all(found)
        return [one.line for one in found]

    def _require_all(self, found: Sequence[_Sealed]) -> None:
        seals = {one.seal for one in found} | {"", None}
        for number, one in enumerate(found, 1):
            if one.after not in seals:
                raise ErasureError(
                    f"{self.path}, line {number}: the line that was before it is missing. Lines were taken out, and "
                    "whoever they name would come back with a restored backup: put a whole copy of the list there."
                )

    def _last(self, file: io.FileIO) -> str:
        """Return the seal of the last line, empty without one; what a power cut left behind it goes.

        Raises:
            ErasureError: If it is not one that was written with this key.
        """
        end = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, end - _LONGEST))
        tail = file.read()
        before, newline, rest = tail.rpartition(b"\n")
        if rest and _is_torn(rest) and (newline or not start):
            # Whoever wrote it never came to erase: they had no answer, and ask again.
            _log.warning("The erasure list %s ended in half a line, which is left out", self.path)
            file.truncate(end - len(rest))
            rest = b""
        last = rest or before.rpartition(b"\n")[2]
        seal = self._read(last, "the last line").seal if last else ""
        if rest:
            file.write(b"\n")
        return seal

    def _read(self, text: bytes, place: str) -> _Sealed:
        try:
            found = msgspec.json.decode(text, type=_Sealed)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise ErasureError(f"{self.path}, {place}: not a line of an erasure list ({error}).") from error
        if not hmac.compare_digest(found.seal, self.key.seal(_bytes(found.line, found.after))):
            raise ErasureError(
                f"{self.path}, {place}: not sealed with the key in use. Put the key back that the list was "
                "written with (EXPLAINER_ERASURE_KEY), or the list that belongs to this key."
            )
        return found


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


def _keep_name(path: Path) -> None:
    """Have a new file's name on the disk, too."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_torn(text: bytes) -> bool:
    """Return whether what no line break ends is only the beginning of a line."""
    try:
        msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        return True
    return False


def _bytes(line: Line, after: str | None) -> bytes:
    return msgspec.json.encode(line, order="deterministic") + (b"" if after is None else b"\n" + after.encode())
