"""Past one machine: pre-writing, a large made-up shop, nearest vectors in the database, replicas under load."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from explainer.bench.errors import BenchError
from explainer.bench.postgres import own_postgresql
from explainer.bench.synthetic import measure as synthetic

PARTS = ("pregenerate", "kills", "synthetic", "pgvector", "replicas")
# Room for 100,000 vectors and their index: a search that reads files anew measures the files.
_FOR_VECTORS_MB = 512
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ground:
    """On what is measured.

    Attributes:
        data: What pre-writing explains; as ``explainer ingest`` takes it.
        postgres: Whether the shop is stored in PostgreSQL; vectors always are.
        url: An empty database on a running one; by default one of our own is started.
    """

    data: str = "ml-100k"
    postgres: bool = False
    url: str | None = None

    def database(self, memory_mb: int | None = None) -> AbstractContextManager[str]:
        """Return the URL of an empty database on PostgreSQL, for the block."""
        return own_postgresql(memory_mb) if self.url is None else nullcontext(self.url)


def measured(parts: Sequence[str], ground: Ground, say: Say) -> dict[str, Any]:
    """Return the figures of the parts, by part; a part that fails says so under ``failed``, and the others go on.

    Args:
        parts: Of :data:`PARTS`.
        ground: On what.
        say: Told what is done next.
    """
    found: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for part in parts:
        try:
            found[part] = msgspec.to_builtins(_MEASURES[part](ground, say))
        except Exception as error:  # noqa: BLE001  whatever stops one part must not cost the others' hours
            failed[part] = f"{type(error).__name__}: {error}"
            say(f"{part} failed: {failed[part]}")
    return found | ({"failed": failed} if failed else {})


def _synthetic(ground: Ground, say: Say) -> msgspec.Struct:
    with ground.database() if ground.postgres or ground.url else nullcontext(None) as url:
        return synthetic(say, url=url)


def _pregenerate(ground: Ground, say: Say) -> msgspec.Struct:
    measure = _part("pregenerate")
    with tempfile.TemporaryDirectory(prefix="explainer-bench-") as scratch:
        return measure(Path(scratch) / "home", ground.data, None, say)


def _kills(ground: Ground, say: Say) -> msgspec.Struct:
    measure = _part("kills")
    with tempfile.TemporaryDirectory(prefix="explainer-bench-") as scratch:
        return measure(Path(scratch) / "home", ground.data, say)


def _pgvector(ground: Ground, say: Say) -> msgspec.Struct:
    measure = _part("vectors")
    with ground.database(_FOR_VECTORS_MB) as url:
        return measure(url, say)


def _replicas(_: Ground, say: Say) -> msgspec.Struct:
    return _part("replicas")(say)


def _part(name: str) -> Callable[..., msgspec.Struct]:
    """Return what measures a part; imported late, since each brings libraries that the others do without."""
    try:
        measure: Callable[..., msgspec.Struct] = importlib.import_module(f"explainer.bench.{name}").measure
    except ModuleNotFoundError as error:
        raise BenchError(f"explainer.bench.{name} cannot be measured here: {error}.") from error
    return measure


_MEASURES: Mapping[str, Callable[[Ground, Say], msgspec.Struct]] = {
    "pregenerate": _pregenerate,
    "kills": _kills,
    "synthetic": _synthetic,
    "pgvector": _pgvector,
    "replicas": _replicas,
}
