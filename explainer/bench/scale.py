"""Past one machine: pre-writing, a large made-up shop, nearest vectors in the database, replicas under load."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from explainer.bench.errors import BenchError
from explainer.bench.postgres import own_postgresql
from explainer.bench.synthetic import measure as synthetic

PARTS = ("pregenerate", "synthetic", "pgvector", "replicas")
Say = Callable[[str], None]


def measured(parts: Sequence[str], postgres: str | bool, data: str, say: Say) -> dict[str, Any]:  # noqa: FBT001
    """Return the figures of the parts, by part; a part that fails says so under ``failed``, and the others go on.

    Args:
        parts: Of :data:`PARTS`.
        postgres: Whether the shop is stored in PostgreSQL, or in which empty database; vectors always are.
        data: What pre-writing explains; as ``explainer ingest`` takes it.
        say: Told what is done next.
    """
    found: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for part in parts:
        try:
            found[part] = msgspec.to_builtins(_MEASURES[part](postgres, data, say))
        except Exception as error:  # noqa: BLE001  whatever stops one part must not cost the others' hours
            failed[part] = f"{type(error).__name__}: {error}"
            say(f"{part} failed: {failed[part]}")
    return found | ({"failed": failed} if failed else {})


def _synthetic(postgres: str | bool, _: str, say: Say) -> Any:  # noqa: ANN401, FBT001  each part has figures of its own
    with _database(postgres) if postgres else nullcontext(None) as url:
        return synthetic(say, url=url)


def _pregenerate(_: str | bool, data: str, say: Say) -> Any:  # noqa: ANN401, FBT001
    measure = _part("pregenerate")
    with tempfile.TemporaryDirectory(prefix="explainer-bench-") as scratch:
        return measure(Path(scratch) / "home", data, None, say)


def _pgvector(postgres: str | bool, _: str, say: Say) -> Any:  # noqa: ANN401, FBT001
    measure = _part("vectors")
    with _database(postgres) as url:
        return measure(url, say)


def _replicas(_: str | bool, __: str, say: Say) -> Any:  # noqa: ANN401, FBT001
    return _part("replicas")(say)


def _database(postgres: str | bool) -> Any:  # noqa: ANN401, FBT001
    return nullcontext(postgres) if isinstance(postgres, str) else own_postgresql()


def _part(name: str) -> Callable[..., Any]:
    """Return what measures a part; imported late, since each brings libraries that the others do without."""
    try:
        measure: Callable[..., Any] = importlib.import_module(f"explainer.bench.{name}").measure
    except ModuleNotFoundError as error:
        raise BenchError(f"explainer.bench.{name} cannot be measured here: {error}.") from error
    return measure


_MEASURES: Mapping[str, Callable[[str | bool, str, Say], Any]] = {
    "pregenerate": _pregenerate,
    "synthetic": _synthetic,
    "pgvector": _pgvector,
    "replicas": _replicas,
}
