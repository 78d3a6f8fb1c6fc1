"""What tests of packages read in one, and how they alter it as an intruder or as the owner of the key."""

from __future__ import annotations

import msgspec
import pytest

from explainer.audit.notes import Signer
from explainer.files import file_hash
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageTamperError
from explainer.service.package.manifest import FileNote, Manifest

SIGNER = Signer("shop", bytes(range(32)))
KEY = SIGNER.verifier


def lines(folder, name=names.RECORDS):
    return [msgspec.json.decode(line) for line in (folder / name).read_bytes().splitlines()]


def ids(folder):
    return [one["explanation"]["id"] for one in lines(folder)]


def resign(folder, signer=SIGNER, **changes):
    """Make the manifest fit the files again and sign it, as the owner of the key can."""
    old = msgspec.json.decode((folder / names.MANIFEST).read_bytes(), type=Manifest)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and "manifest" not in path.name)
    files = [FileNote(p.relative_to(folder).as_posix(), p.stat().st_size, file_hash(p)) for p in paths]
    raw = names.written(msgspec.structs.replace(old, files=files, **changes))
    (folder / names.MANIFEST).write_bytes(raw)
    (folder / names.NOTE).write_text(names.signed(raw, old.made_at, signer), encoding="utf-8")


def rewrite(folder, name, change):
    """Change the JSON lines of a file in place: ``change(lines)`` may return others."""
    held = lines(folder, name)
    held = change(held) or held
    (folder / name).write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in held))


def fault(folder):
    with pytest.raises(PackageTamperError) as raised:
        check_package(folder, KEY)
    return raised.value.fault, raised.value.where
