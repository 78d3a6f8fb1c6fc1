"""A package's folder, looked at as if somebody meant harm: only files that may be there, none of them a link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from explainer.files import file_hash
from explainer.service.package import manifest as names
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.manifest import Manifest

# A checkpoint a minute for nine years.
_MOST_FILES = 5_000_000


def files_in(folder: Path) -> dict[str, int]:
    """Return the size of every file, by its path in the package.

    Raises:
        PackageTamperError: If something is there that is no part of a package: a link, a folder, another name.
        OSError: If the folder cannot be read.
    """
    found: dict[str, int] = {}
    for name, entry in _entries(folder):
        if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
            raise PackageTamperError(PackageFault.FILE, name, f"{name} is no plain file.")
        if not may_be_there(name):
            raise PackageTamperError(
                PackageFault.FILE,
                name,
                f"{name!r} is no part of a package. If a program of yours put it there, remove it and check again.",
            )
        found[name] = entry.stat(follow_symlinks=False).st_size
        if len(found) > _MOST_FILES:
            raise PackageTamperError(PackageFault.FILE, name, f"There are more than {_MOST_FILES:,} files.")
    return found


def check_files(folder: Path, manifest: Manifest, there: dict[str, int]) -> None:
    """Hold the files against the manifest.

    Raises:
        PackageTamperError: If one is missing, or there and not named, or not what it was.
        OSError: If one cannot be read.
    """
    told = {file.name: file for file in manifest.files}
    due = names.ALWAYS | ({names.IDS} if manifest.sample else set())
    if len(told) != len(manifest.files) or not due <= told.keys():
        raise PackageTamperError(PackageFault.FILE, names.MANIFEST, "The manifest names a file twice, or not at all.")
    # What is among the checkpoints is signed itself, and counted.
    present = {name for name in there if name not in {names.MANIFEST, names.NOTE} and not names.is_checkpoint(name)}
    for name in sorted(told.keys() ^ present):
        wrong = "is missing" if name in told else "is there, and the manifest does not name it"
        raise PackageTamperError(PackageFault.FILE, name, f"{name!r} {wrong}.")
    for name, file in sorted(told.items()):
        # A name of the manifest is one that was found in the folder, so it leads nowhere else.
        if there[name] != file.bytes or file_hash(folder / name) != file.sha256:
            raise PackageTamperError(PackageFault.FILE, name, f"{name} is not what it was: its hash differs.")


def _entries(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as top:
        for entry in top:
            if entry.name == names.CHECKPOINTS and entry.is_dir(follow_symlinks=False):
                with os.scandir(entry.path) as inner:
                    yield from ((f"{names.CHECKPOINTS}/{one.name}", one) for one in inner)
            else:
                yield entry.name, entry


def may_be_there(name: str) -> bool:
    """Return whether a file of this path may be in a package."""
    return name in {*names.ALWAYS, names.IDS, names.MANIFEST, names.NOTE} or names.is_checkpoint(name)
