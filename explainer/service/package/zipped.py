"""A package as one download: made in a folder that is removed afterwards, zipped while it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from explainer.service.package.manifest import Manifest
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.storage.database import Database

NAME = "package"
_PIECE = 1 << 18


def packed(database: Database, packer: Packer, wanted: Wanted) -> tuple[Manifest, TemporaryDirectory[str]]:
    """Return a package's manifest and the folder that holds it; the folder goes when nobody has it any more.

    Raises:
        SearchError: If the search makes no sense.
        VerificationError: If the log is not the continuation of what was signed last.
    """
    held = TemporaryDirectory(prefix="explainer-package-")
    return write_package(database, packer, wanted, Path(held.name) / NAME), held


def zipped(held: TemporaryDirectory[str]) -> Iterator[bytes]:
    """Yield the package as a zip file, some of it in memory at a time, and remove its folder in the end."""
    folder = Path(held.name) / NAME
    with held:
        out = _Pieces()
        with zipfile.ZipFile(cast("IO[bytes]", out), "w", zipfile.ZIP_DEFLATED) as made:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                with path.open("rb") as file, made.open(path.relative_to(folder.parent).as_posix(), "w") as into:
                    while piece := file.read(_PIECE):
                        into.write(piece)
                        yield out.taken()
        yield out.taken()


class _Pieces:
    """What a zip file is written to: it cannot be wound back, and hands over what came since the last time."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        made = b"".join(self._pieces)
        self._pieces.clear()
        return made
