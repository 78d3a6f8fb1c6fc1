"""Files by what they hold, and files that are whole or not there."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a file to write; it takes its name when the block has ended well. Until then what was there before stays.

    A pipe or a device is written into as it is.

    Raises:
        OSError: If it cannot be written.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    there = path.resolve()
    fresh = there.with_name(f"{there.name}.{secrets.token_hex(8)}.new")
    try:
        with fresh.open("xb") as file:
            yield file
        fresh.replace(there)
    finally:
        fresh.unlink(missing_ok=True)
