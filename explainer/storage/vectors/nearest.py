"""Nearest items by pgvector: an HNSW graph, searched on until as many rows are found as were asked for.

A graph is searched for a number of candidates, and a filter is applied to those: with one row in a hundred wanted, a
search for ten can end with one. ``hnsw.iterative_scan = strict_order`` goes on where it stopped, and gives up, too,
after ``hnsw.max_scan_tuples``. So whoever gets fewer rows than asked for is answered again by looking at every row, and
nobody gets less than there is. Malkov, Yashunin, "Efficient and robust approximate nearest neighbor search using
Hierarchical Navigable Small World graphs", IEEE TPAMI 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from explainer.errors import NotReadyError
from explainer.storage.database import Database
from explainer.storage.refusals import told
from explainer.storage.vectors.space import HnswConfig, Space
from explainer.storage.vectors.table import require_table
from retriever.encoder import Embeddings
from retriever.index.contract import Positions, checked_k, non_empty, unit_rows

_MOST_CANDIDATES = 1000  # more the extension does not take
_QUERIES_AT_ONCE = 64
# In the search's own statement, before it: one trip to the database less, and no transaction to begin and end.
_SEARCHING = "set_config('hnsw.ef_search', :ef, true), set_config('hnsw.iterative_scan', 'strict_order', true)"
# Half the width for the graph's order, which is as good by it and fits into memory twice; the whole for the cosine.
_BY_GRAPH = "e.embedding::halfvec({width}) <#> asked.half"
_AMONG_ALL = "(e.embedding <#> asked.query) + 0, e.position"  # no index fits a sum
_NEAR = """
WITH setting AS MATERIALIZED (SELECT {setting}), asked AS MATERIALIZED (
    SELECT number, told::vector AS query, told::vector::halfvec({width}) AS half
    FROM setting, string_to_table(:queries, ';') WITH ORDINALITY AS asked (told, number)
)
SELECT asked.number, near.position, -(near.embedding <#> asked.query) FROM asked
CROSS JOIN LATERAL (
    SELECT e.position, e.embedding FROM item_embeddings e
    WHERE e.space = :space AND vector_dims(e.embedding) = {width} AND e.position < :size {wanted}
    ORDER BY {order} LIMIT :k
) AS near
"""
# Found once and before the search: each as a table of numbers to look into, not as a join that could undo the order.
_UNMET = """
AND e.position <> ALL (ARRAY(
    SELECT i.position FROM behaviours b JOIN items i ON i.id = b.item_id WHERE b.user_id = :unmet_by
))"""
_OF_ASPECT = "AND e.position = ANY (ARRAY(SELECT i.position FROM items i WHERE i.aspects::jsonb ? :aspect))"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items may be found: a library's filter, for whoever looks for items near to one; ranking asks for all.

    Attributes:
        unmet_by: A user; what they have met is left out.
        aspect: What the catalogue must say of an item, as it is spelt there.
    """

    unmet_by: str | None = None
    aspect: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """Values of the condition's parameters."""
        named = {"unmet_by": self.unmet_by, "aspect": self.aspect}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def condition(self) -> str:
        """What a search has to add to its conditions."""
        return (_UNMET if self.unmet_by is not None else "") + (_OF_ASPECT if self.aspect is not None else "")


class PgVectorIndex:
    """Approximate cosine neighbours among stored embeddings; passes the contract of an index.

    Args:
        database: A PostgreSQL with pgvector, and embeddings stored in it.
        space: Name of the encoder that made them.
        size: How many items, the first ones of the catalogue, are searched.
        dimensions: Width of the embeddings.
        config: Settings of the search.

    Attributes:
        recall: What the settings reached on clustered vectors when they were chosen, not measured on these; 1 where
            every search looks at all items.
    """

    def __init__(
        self, database: Database, space: str, size: int, dimensions: int, config: HnswConfig | None = None
    ) -> None:
        self._database, self._space, self._config = database, space, config or HnswConfig()
        self._size, self._dimensions = size, dimensions
        self._by_graph = size > self._config.exact_up_to
        self.recall = 0.96 if self._by_graph else 1.0

    def nearest(self, queries: npt.ArrayLike, k: int) -> tuple[Positions, Embeddings]:
        """Return positions int64 [n_queries, k] and cosines float32 [n_queries, k], best first, ties by position.

        By the graph it is open which of several items are found that are as near as the last one.

        Raises:
            IndexInputError: If the queries are unusable or ``k`` is below 1.
            BusyError: If the database cannot be used now.
            NotReadyError: If some of the embeddings are not there any more.
        """
        rows = unit_rows(queries, "queries", self._dimensions)
        k = checked_k(k, self._size)
        found = self._search(rows, k, Wanted())
        if any(len(positions) < k for positions, _ in found):
            raise NotReadyError(
                f"The database lacks embeddings of {self._space!r} that were stored in it; start again to store them."
            )
        positions = np.array([positions for positions, _ in found], np.int64)
        cosines = np.array([cosines for _, cosines in found], np.float32)
        return positions.reshape(len(rows), k), cosines.reshape(len(rows), k)

    def nearest_among(self, query: npt.ArrayLike, k: int, wanted: Wanted) -> tuple[Positions, Embeddings]:
        """Return the wanted items nearest to one query: as many as were asked for, or all there are.

        Args:
            query: float32 [dimensions], of length 1.
            k: How many.
            wanted: Which.

        Returns:
            Positions int64 [n] and cosines float32 [n], n ≤ k, best first, ties by position; by the graph it is open
            which of several items are found that are as near as the last one.

        Raises:
            IndexInputError: If the query is unusable or ``k`` is below 1.
            BusyError: If the database cannot be used now.
        """
        rows = unit_rows(np.asarray(query)[None], "queries", self._dimensions)
        (found,) = self._search(rows, checked_k(k, self._size), wanted)
        return found

    def _search(self, rows: Embeddings, k: int, wanted: Wanted) -> list[tuple[Positions, Embeddings]]:
        by_graph = self._by_graph and 2 * k < self._size
        found: list[tuple[Positions, Embeddings]] = []
        with self._database.look() as connection:
            for start in range(0, len(rows), _QUERIES_AT_ONCE):
                found += self._ask(connection, rows[start : start + _QUERIES_AT_ONCE], k, wanted, by_graph=by_graph)
            short = [at for at, (positions, _) in enumerate(found) if len(positions) < k] if by_graph else []
            for at in short:
                (found[at],) = self._ask(connection, rows[at : at + 1], k, wanted, by_graph=False)
        return found

    def _ask(
        self, connection: Connection, rows: Embeddings, k: int, wanted: Wanted, *, by_graph: bool
    ) -> list[tuple[Positions, Embeddings]]:
        ef = {"ef": str(max(self._config.ef_search, min(k, _MOST_CANDIDATES)))} if by_graph else {}
        setting = _SEARCHING if by_graph else "1"
        order = (_BY_GRAPH if by_graph else _AMONG_ALL).format(width=self._dimensions)
        query = text(_NEAR.format(width=self._dimensions, setting=setting, order=order, wanted=wanted.condition))
        given = {"queries": _text(rows), "space": self._space, "size": self._size, "k": k}
        rows_found = connection.execute(query, given | ef | wanted.given).all()
        table = np.array([tuple(row) for row in rows_found], np.float64).reshape(-1, 3)
        return [_sorted(table[table[:, 0] == number, 1:]) for number in range(1, len(rows) + 1)]


def _text(rows: Embeddings) -> str:
    """Return the rows as the extension reads them, in one text: the driver takes longer over a list than the search.

    Nothing is rounded on the way.
    """
    return ";".join("[" + ",".join(map(repr, row)) + "]" for row in rows.tolist())


def _sorted(found: npt.NDArray[np.float64]) -> tuple[Positions, Embeddings]:
    """Return positions and cosines of rows [n, 2], best first, ties by position."""
    positions, cosines = found[:, 0].astype(np.int64), found[:, 1].astype(np.float32)
    order = np.lexsort((positions, -cosines))
    return positions[order], cosines[order]


class PgVectorMaker:
    """Stores embeddings and makes an index over them; stands in for :func:`~retriever.index.make_index`.

    What it has stored before is not looked at again: items come a few at a time, behind all others.

    Args:
        database: A PostgreSQL with pgvector.
        space: Name of the encoder that makes the embeddings.
        config: Settings.
    """

    def __init__(self, database: Database, space: str, config: HnswConfig | None = None) -> None:
        self._database, self._space, self._config = database, space, config or HnswConfig()
        self._stored: Embeddings | None = None

    def __call__(self, embeddings: npt.ArrayLike) -> PgVectorIndex:
        """Return an index over the embeddings, which are stored then.

        Args:
            embeddings: float32 [n_items, dimensions], rows of length 1.

        Raises:
            IndexInputError: If there are no embeddings, or they are not finite, of length 1, or a table.
            NotReadyError: If the database has no table for them.
            BusyError: If it cannot be used now.
        """
        rows = non_empty(unit_rows(embeddings, "embeddings"))
        with told(), self._database.engine.begin() as connection:
            require_table(connection)
            Space(connection, self._space).store(rows, self._config, first=self._known(rows))
        self._stored = rows
        return PgVectorIndex(self._database, self._space, len(rows), rows.shape[1], self._config)

    def _known(self, rows: Embeddings) -> int:
        """Return how many of the rows, the first ones, were stored by this."""
        held = self._stored
        return len(held) if held is not None and np.array_equal(held, rows[: len(held)]) else 0
