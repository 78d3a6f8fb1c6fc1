"""Are a package's records those that were searched and drawn, each once?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from explainer.service.audit_records import AuditRecord
from explainer.service.audit_samples import draw_from
from explainer.service.package import manifest as names
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.manifest import Manifest
from explainer.storage.listing import COMPLAINTS, Search

_LONGEST_ID = 300


class Selection:
    """Is shown every record of a package, in its order.

    Args:
        folder: The package.
        manifest: What it says of itself.

    Raises:
        PackageTamperError: If the ids draw another sample than the manifest says there was.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._search = manifest.search
        self._drawn = None if manifest.sample is None else iter(_drawn(folder, manifest))
        self._before: tuple[datetime, str] | None = None

    def show(self, record: AuditRecord) -> None:
        """Look at the next record.

        Raises:
            PackageTamperError: If it is none that belongs here.
        """
        one = record.explanation
        if not _fits(self._search, record):
            raise _wrong(one["id"], f"Explanation {one['id']} is none that the search finds.")
        if self._drawn is not None:
            if next(self._drawn, None) != one["id"]:
                raise _wrong(one["id"], f"Explanation {one['id']} is not the one that the seed draws at its place.")
            return
        place = msgspec.convert(one["created_at"], datetime), one["id"]
        if self._before is not None and place <= self._before:
            raise _wrong(one["id"], f"Explanation {one['id']} is here twice, or not in the order of time.")
        self._before = place

    def end(self) -> None:
        """Say that there are no more records.

        Raises:
            PackageTamperError: If one is missing that the seed draws.
        """
        missing = None if self._drawn is None else next(self._drawn, None)
        if missing is not None:
            raise _wrong(missing, f"Explanation {missing} is missing: the seed draws it.")


def _drawn(folder: Path, manifest: Manifest) -> list[str]:
    sample = manifest.sample
    assert sample is not None  # noqa: S101  for mypy: asked by the caller
    before = ""
    with (folder / names.IDS).open("rb") as file:

        def ids() -> Any:  # noqa: ANN401  a generator
            nonlocal before
            while line := file.readline(_LONGEST_ID):
                one = line.decode().removesuffix("\n")
                if not line.endswith(b"\n"):
                    raise _wrong(names.IDS, f"{names.IDS}: {one[:50]!r} is no line of an id.")
                if one <= before:
                    raise _wrong(names.IDS, f"{names.IDS}: {one!r} is there twice, or not in order.")
                before = one
                yield one

        found, drawn = draw_from(ids(), sample.seed, sample.n)
    if found != sample.found:
        raise _wrong(names.IDS, f"{names.IDS} has {found} ids, and {sample.found} were drawn from.")
    return drawn


def _fits(search: Search, record: AuditRecord) -> bool:
    one = record.explanation
    at = msgspec.convert(one["created_at"], datetime)
    complained = any(said["kind"] in COMPLAINTS for said in record.feedback)
    return (
        all(wanted in {None, one[column]} for wanted, column in _same(search))
        and all(one[column].startswith(wanted or "") for wanted, column in _begins(search))
        and (search.since is None or at >= search.since)
        and (search.until is None or at < search.until)
        and search.complained in {None, complained}
    )


def _same(search: Search) -> list[tuple[str | None, str]]:
    return [
        (search.user, "user_id"),
        (search.item, "item_id"),
        (search.source, "source"),
        (search.locale, "locale"),
        (search.audience, "audience"),
    ]


def _begins(search: Search) -> list[tuple[str | None, str]]:
    return [
        (search.recommender, "recommender_version"),
        (search.writer, "writer_version"),
        (search.prompt, "prompt_version"),
    ]


def _wrong(where: str, message: str) -> PackageTamperError:
    return PackageTamperError(PackageFault.SELECTION, where, message)
