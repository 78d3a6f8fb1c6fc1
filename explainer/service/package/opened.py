"""A package as somebody got it: a folder, or the zip file of a download, which is unpacked while it is read."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explainer.audit.errors import VerificationError
from explainer.service.package import manifest as names
from explainer.service.package.folder import may_be_there
from explainer.service.package.zipped import NAME


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Yield the folder of a package.

    Raises:
        VerificationError: If the path is neither a folder nor the zip file of a package.
    """
    if not path.is_dir():
        with tempfile.TemporaryDirectory(prefix="package-") as held:
            yield _unpacked(path, Path(held))
        return
    if not (path / names.MANIFEST).exists() and (path / NAME / names.MANIFEST).exists():
        raise VerificationError(f"{path} is no package, but has one in it; check that: {path / NAME}")
    yield path


def _unpacked(path: Path, into: Path) -> Path:
    """Unpack what may be in a package, by names that we know, and nothing else."""
    try:
        with zipfile.ZipFile(path) as held:
            entries = [one for one in held.infolist() if not one.is_dir()]
            _require_room(sum(one.file_size for one in entries), into)
            for one in entries:
                name = one.filename.removeprefix(f"{NAME}/")
                target = into / NAME / name
                if name == one.filename or not may_be_there(name) or target.exists():
                    raise VerificationError(
                        f"{path.name}: {one.filename[:200]!r} is no part of a package as it is downloaded, or there "
                        "twice. If it was zipped anew, unzip it and check the folder."
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                with held.open(one) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise VerificationError(f"{path.name} is neither a package's folder nor a whole zip file: {error}") from error
    except OSError as error:
        raise VerificationError(f"{path.name} cannot be unpacked: {error.strerror or error}") from error
    return into / NAME


def _require_room(size: int, into: Path) -> None:
    free = shutil.disk_usage(into).free
    if size > free:
        raise VerificationError(
            f"Unpacked it has {size:,} bytes, and there is room for {free:,} in {into.parent}; unzip it elsewhere, or "
            "set TMPDIR."
        )
