"""A package as one download: made in a folder that is removed afterwards, zipped while it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from explainer.errors import ExplainerError
from explainer.pieces import Pieces
from explainer.scratch import ScratchFolder
from explainer.service.package.manifest import Manifest
from explainer.service.package.write import Packer, UnwritableError, Wanted, write_package
from explainer.service.views import Looker
from explainer.storage.database import Database

NAME = "package"
_PIECE = 1 << 18


def packed(database: Database, packer: Packer, wanted: Wanted, looker: Looker) -> tuple[Manifest, ScratchFolder]:
    """Return a package's manifest and the folder that holds it; the folder goes when nobody has it any more.

    It has people's data in it: nobody else may read it, and a process that is killed leaves it for the next start to
    sweep away.

    Raises:
        SearchError: If the search makes no sense.
        VerificationError: If the log is not the continuation of what was signed last.
        ExplainerError: If it cannot be made; whoever downloads it is not told where that is.
    """
    held = ScratchFolder(packer.scratch, NAME)
    try:
        return write_package(database, packer, wanted, looker, held.path / NAME), held
    except UnwritableError as error:
        raise ExplainerError("The package cannot be made: the service cannot write it to its disk.") from error


def zipped(held: ScratchFolder) -> Iterator[bytes]:
    """Yield the package as a zip file, some of it in memory at a time, and remove its folder in the end."""
    folder = held.path / NAME
    with held:
        out = Pieces()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                name = path.relative_to(folder.parent).as_posix()
                # How long a file gets, is not known before it is written: any may be longer than two gigabytes.
                with path.open("rb") as file, made.open(name, "w", force_zip64=True) as into:
                    while piece := file.read(_PIECE):
                        into.write(piece)
                        yield out.take()
        yield out.take()
