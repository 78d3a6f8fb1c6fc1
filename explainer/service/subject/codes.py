"""Codes that stand for people who were erased: whoever has the key recognises them, nobody else can.

The same key seals what only we may put on record: lines of the erasure list, and removals of what had its time.

The key is a file outside the database, beside the key that signs the audit log. It must be kept for as long as backups
are: without it nobody in them is recognised.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import rfc8785

from explainer.errors import ErasureError

_BYTES = 32
_CODE, _LINE, _KEY, _RECORD = b"user\x00", b"line\x00", b"key\x00", b"record\x00"


@dataclass(frozen=True, slots=True)
class ErasureKey:
    """Makes codes.

    Attributes:
        secret: 32 random bytes.
    """

    secret: bytes

    @classmethod
    def new(cls) -> Self:
        """Return a key that nobody else has."""
        return cls(secrets.token_bytes(_BYTES))

    @classmethod
    def load(cls, path: Path, *, make: bool = True) -> Self:
        """Return the key of a file; made now, for its owner alone to read, if there is none.

        Args:
            path: The file.
            make: Whether to make one: what only reads needs the one that was used, and no other.

        Raises:
            ErasureError: If the file holds no key, or cannot be read or written; or if there is none, and none is made.
        """
        try:
            if not make and not path.exists():
                raise ErasureError(
                    f"The erasure key {path} is not here, and nobody can tell without it who was erased: copy it here, "
                    "or name it by EXPLAINER_ERASURE_KEY."
                )
            if not path.exists():
                _write(path, cls.new().secret.hex())
            secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise ErasureError(
                f"The key {path} cannot be used ({error}); put the right one there, or set EXPLAINER_ERASURE_KEY."
            ) from error
        if len(secret) != _BYTES:
            raise ErasureError(f"{path} holds no key of {_BYTES} bytes; put the right one there.")
        return cls(secret)

    @property
    def fingerprint(self) -> str:
        """What two keys can be compared by and neither be told from, hexadecimal."""
        return self._mac(_KEY)

    def code(self, user: str) -> str:
        """Return the code of a user, hexadecimal."""
        return self._mac(_CODE + user.encode("utf-8", "surrogatepass"))

    def seal(self, line: bytes) -> str:
        """Return what proves that a line of the erasure list is ours, hexadecimal."""
        return self._mac(_LINE + line)

    def seal_of(self, record: Mapping[str, Any]) -> str:
        """Return what proves that a record of the database was made by somebody who has the key, hexadecimal."""
        return self._mac(_RECORD + rfc8785.dumps(dict(record)))

    def _mac(self, message: bytes) -> str:
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()


def _write(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all; if another process was first, its stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
