"""The stored embeddings of one encoder: written, compared with what they should be, and indexed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, bindparam, delete, func, select, text

from explainer.storage.copying import copy_stream
from explainer.storage.vectors.table import EMBEDDINGS
from retriever.encoder import Embeddings

_TURN = text("SELECT pg_advisory_xact_lock(7106408)")  # one process writes embeddings at a time
_ROWS_AT_ONCE = 2000
_MOSTLY_NEW = 0.2  # above this share an index is built sooner anew than it takes the rows in one by one
_HEAD, _TAIL = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8, b"\xff\xff"
_DIGEST = func.left(func.encode(func.sha256(func.vector_send(EMBEDDINGS.c.embedding)), "hex"), 16)


class HnswConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of the graph; chosen by measurement, see ``explainer bench scale --only pgvector``.

    Attributes:
        m: Neighbours that an item keeps on each layer.
        ef_construction: Candidates that are looked at for those.
        ef_search: Candidates that a search keeps.
        exact_up_to: Up to so many items every search looks at all of them, and there is no graph.
        build_memory_mb: What a build may hold; a graph that does not fit takes many times as long.
    """

    m: int = 24
    ef_construction: int = 200
    ef_search: int = 110
    exact_up_to: int = 1000
    build_memory_mb: int = 512


class Space:
    """The embeddings that one encoder made, by their items' positions in the catalogue.

    Args:
        connection: To a database with the table; every call is part of its transaction.
        name: The encoder's name.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        self._mine = EMBEDDINGS.c.space == name

    def store(self, rows: Embeddings, config: HnswConfig, first: int = 0) -> int:
        """Make what is stored equal to ``rows``, and return how many had to be written.

        Rows behind them stay: they belong to items that another process knows already.

        Args:
            rows: float32 [n_items, dimensions].
            config: Settings of the index.
            first: Row from which on they are compared; those before are known to be stored.
        """
        self._connection.execute(_TURN)
        dimensions = rows.shape[1]
        self._drop_indexes(except_of=self._index_name(dimensions, config))
        of_other_width = func.vector_dims(EMBEDDINGS.c.embedding) != dimensions
        self._connection.execute(delete(EMBEDDINGS).where(self._mine, of_other_width))
        stored = self._digests(first, len(rows))
        wanted = map(_digest, _wire(rows[first:]))
        differing = [at for at, digest in enumerate(wanted, first) if stored.get(at) != digest]
        if len(differing) > _MOSTLY_NEW * len(rows):
            self._drop_indexes()
        self._write(rows, np.asarray(differing, dtype=np.int64), len(stored) > 0)
        if len(rows) > config.exact_up_to:
            self._build_index(dimensions, config)
        return len(differing)

    def _digests(self, first: int, end: int) -> dict[int, str]:
        """Return digests of what is stored at these positions: less to send than the rows."""
        mine = select(EMBEDDINGS.c.position, _DIGEST).where(self._mine)
        rows = self._connection.execute(mine.where(EMBEDDINGS.c.position.between(first, end - 1)))
        return dict(rows.all())

    def _write(self, rows: Embeddings, positions: npt.NDArray[np.int64], some_stored: bool) -> None:  # noqa: FBT001
        if not len(positions):
            return
        if some_stored:
            gone = EMBEDDINGS.c.position.in_(bindparam("positions", expanding=True))
            for start in range(0, len(positions), _ROWS_AT_ONCE):
                some = positions[start : start + _ROWS_AT_ONCE].tolist()
                self._connection.execute(delete(EMBEDDINGS).where(self._mine, gone), {"positions": some})
        statement = "COPY item_embeddings (space, position, embedding) FROM STDIN BINARY"
        copy_stream(self._connection, statement, _binary(self.name, positions, rows))

    def _build_index(self, dimensions: int, config: HnswConfig) -> None:
        """Index the space's rows: those of one width, since rows that are gone are still there for who builds it."""
        self._connection.execute(text(f"SET LOCAL maintenance_work_mem = '{config.build_memory_mb:d}MB'"))
        quoted = self.name.replace("'", "''").replace(":", r"\:")
        self._connection.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS {self._index_name(dimensions, config)} ON item_embeddings "
                rf"USING hnsw ((embedding\:\:halfvec({dimensions:d})) halfvec_ip_ops) "
                f"WITH (m = {config.m:d}, ef_construction = {config.ef_construction:d}) "
                f"WHERE space = '{quoted}' AND vector_dims(embedding) = {dimensions:d}"
            )
        )

    @property
    def _stem(self) -> str:
        return "ix_item_embeddings_" + hashlib.sha256(self.name.encode()).hexdigest()[:12]

    def _index_name(self, dimensions: int, config: HnswConfig) -> str:
        """Return the name of the graph with these settings: one with others takes its place."""
        return f"{self._stem}_{dimensions:d}_{config.m:d}_{config.ef_construction:d}"

    def _drop_indexes(self, except_of: str | None = None) -> None:
        query = text("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexname LIKE :stem")
        for (name,) in self._connection.execute(query, {"stem": f"{self._stem}_%"}).all():
            if name != except_of:
                self._connection.execute(text(f"DROP INDEX {name}"))


def _wire(rows: Embeddings) -> npt.NDArray[np.void]:
    """Return the rows as the extension sends and takes them: width, an unused field, big-endian floats."""
    table = np.zeros(len(rows), np.dtype([("width", ">i2"), ("unused", ">i2"), ("values", ">f4", (rows.shape[1],))]))
    table["width"], table["values"] = rows.shape[1], rows
    return table


def _digest(wire: np.void) -> str:
    return hashlib.sha256(wire.tobytes()).hexdigest()[:16]


def _binary(name: str, positions: npt.NDArray[np.int64], rows: Embeddings) -> Iterator[bytes]:
    """Yield the rows at some positions in COPY's binary format: a third of the text, and nothing to round."""
    space = name.encode()
    field = [("n", ">i2"), ("a", ">i4"), ("space", f"S{len(space)}"), ("b", ">i4"), ("position", ">i4"), ("c", ">i4")]
    yield _HEAD
    for start in range(0, len(positions), _ROWS_AT_ONCE):
        some = positions[start : start + _ROWS_AT_ONCE]
        wire = _wire(rows[some])
        table = np.zeros(len(some), np.dtype([*field, ("wire", wire.dtype)]))
        table["n"], table["a"], table["b"], table["c"] = 3, len(space), 4, wire.dtype.itemsize
        table["space"], table["position"], table["wire"] = space, some, wire
        yield table.tobytes()
    yield _TAIL
