"""Is a package the one that an auditor asked for? What was searched and drawn, its maker writes into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from explainer.service.package import manifest as names
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.manifest import Manifest
from explainer.storage.listing import moment


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for; None for what they left open.

    Attributes:
        seed: What a sample is drawn with: best of their own choice, so that nobody else chooses what they see.
        n: How many are drawn.
        since: The first moment, UTC where it names no zone,
        until: and the first one after the end, likewise.
    """

    seed: str | None = None
    n: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def require_asked(manifest: Manifest, asked: Asked) -> None:
    """Hold a package against what was asked for.

    Raises:
        PackageTamperError: If it is another.
    """
    sample, search = manifest.sample, manifest.search
    told = {
        "seed": (asked.seed, None if sample is None else sample.seed),
        "number of the sample": (asked.n, None if sample is None else sample.n),
        "begin": (moment(asked.since), search.since),
        "end": (moment(asked.until), search.until),
    }
    for what, (wanted, found) in told.items():
        if wanted not in {None, found}:
            message = f"Another {what} was asked for than the package has: {_said(wanted)}, not {_said(found)}."
            raise PackageTamperError(PackageFault.OTHER, names.MANIFEST, message)


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "none" if value is None else repr(value)
