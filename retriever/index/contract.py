"""What an index is: settings, the one call, and the checks that every index makes on what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from retriever.encoder import Embeddings
from retriever.errors import IndexInputError

Positions = npt.NDArray[np.int64]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]

_UNIT_TOLERANCE = 1e-3
_ROWS_AT_ONCE = 65_536


class IndexConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of an index.

    Attributes:
        exact_up_to: Up to how many items every search looks at all of them; above it an approximate index does.
        recall: Share of the true nearest ``k`` that the approximate index has to find on a sample of its own items;
            for queries that are no items expect one or two hundredths less.
        k: Neighbours that ``recall`` is measured at.
        seed: Of the approximate index's clustering and of the sample.
    """

    exact_up_to: Count = 100_000
    recall: Share = 0.99
    k: Annotated[int, msgspec.Meta(ge=1)] = 100
    seed: Count = 0


class NearestIndex(Protocol):
    """Finds the items whose embeddings have the highest cosine to a query."""

    recall: float
    """Measured share of the true nearest that a search finds; 1 for an exact index."""

    def nearest(self, queries: Embeddings, k: int) -> tuple[Positions, Embeddings]:
        """Return positions int64 [n_queries, k] and cosines float32 [n_queries, k], best first, ties by position.

        Args:
            queries: float32 [n_queries, dimensions], rows of length 1.
            k: How many; at most as many as there are items come back.

        Raises:
            IndexInputError: If the queries are unusable or ``k`` is below 1.
        """
        ...


IndexMaker = Callable[[Embeddings], NearestIndex]
"""Makes an index over embeddings, float32 [n_items, dimensions], rows of length 1."""


def unit_rows(rows: npt.ArrayLike, what: str, dimensions: int | None = None) -> Embeddings:
    """Return ``rows`` as contiguous float32 [n, dimensions] of unit length; no copy where they already are.

    Args:
        rows: The embeddings.
        what: What they are, for the message: "embeddings" or "queries".
        dimensions: How many columns they must have, if that is known.

    Raises:
        IndexInputError: If they are no table of numbers, have another width, are not finite or not of length 1.
    """
    try:
        table = np.ascontiguousarray(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise IndexInputError(f"The {what} are no table of numbers ({error}): give float32 [n, dimensions].") from error
    if dimensions is not None and len(table) == 0:
        return np.empty((0, dimensions), np.float32)  # no queries, no answers
    if np.ndim(rows) != 2 or table.shape[1] == 0:  # noqa: PLR2004  rows and columns
        raise IndexInputError(f"The {what} have shape {np.shape(rows)}: give float32 [n, dimensions], one row each.")
    if dimensions is not None and table.shape[1] != dimensions:
        raise IndexInputError(
            f"The {what} have {table.shape[1]} dimensions, the index {dimensions}: encode both with the same encoder."
        )
    for start in range(0, len(table), _ROWS_AT_ONCE):
        _check_lengths(table[start : start + _ROWS_AT_ONCE], what, start)
    return table


def _check_lengths(rows: Embeddings, what: str, first: int) -> None:
    squares = np.einsum("ij,ij->i", rows, rows)
    if not np.isfinite(squares).all():
        at = np.flatnonzero(~np.isfinite(squares))
        raise IndexInputError(
            f"Row {first + at[0]} of the {what} is not finite (NaN, infinity, beyond float32), first of {len(at)}: "
            "encode these texts again, in float32 if they were not, or leave them out."
        )
    wrong = np.flatnonzero(np.abs(np.sqrt(squares) - 1) > _UNIT_TOLERANCE)
    if len(wrong):
        at = wrong[0]
        raise IndexInputError(
            f"Row {first + at} of the {what} has length {np.sqrt(squares[at]):.4g}, not 1: divide every row by its "
            "length; a row of zeros has no direction and must be left out."
        )


def checked_k(k: int, size: int) -> int:
    """Return ``k``, or ``size`` where that is less.

    Raises:
        IndexInputError: If ``k`` is below 1.
    """
    if k < 1:
        raise IndexInputError(f"{k} nearest items were asked for: ask for at least 1.")
    return min(k, size)


def non_empty(embeddings: Embeddings) -> Embeddings:
    """Return ``embeddings``.

    Raises:
        IndexInputError: If there are none.
    """
    if not len(embeddings):
        raise IndexInputError("There are no embeddings to search in: an index needs at least one item.")
    return embeddings
