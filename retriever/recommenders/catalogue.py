"""Items numbered by their column."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from retriever.data import History, Item
from retriever.data.model import item_positions
from retriever.errors import UnknownItemError

Known = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
_Read = TypeVar("_Read")
_Array = TypeVar("_Array", bound=npt.NDArray[np.generic])
# Every part of a hybrid reads the same few histories. Few are kept, so nobody's stays for long.
_READINGS = 48


class Catalogue:
    """Items numbered by their column.

    Args:
        items: The items.
        cold: How many of them, the last ones, came after the fit: nothing is known of them but what they are.

    Attributes:
        items: The items.
        works: int64 [n_items]; entries of equal title and year share a number. Catalogues list some works twice under
            two ids, and the second is no news to someone who knows the first.
    """

    def __init__(self, items: Sequence[Item], cold: int = 0) -> None:
        self.items = tuple(items)
        self.cold = cold
        self._positions = item_positions(self.items)
        numbers: dict[tuple[str, int | None], int] = {}
        works = [numbers.setdefault((item.title.casefold(), item.year), len(numbers)) for item in self.items]
        self.works = np.array(works, dtype=np.int64)
        # Where the columns of each work stand in the columns by work: asked for every behaviour of every history.
        self._by_work = np.argsort(self.works, kind="stable")
        self._ends = np.cumsum(np.bincount(self.works, minlength=len(numbers))).tolist()
        self._readings = lru_cache(maxsize=_READINGS)(self._read)

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, item: str) -> bool:
        return item in self._positions

    def position(self, item: str) -> int:
        """Return the item's column.

        Raises:
            UnknownItemError: If it has none.
        """
        try:
            return self._positions[item]
        except KeyError:
            raise UnknownItemError(f"The recommender was not fitted on item {item!r}; ingest and fit again.") from None

    def same_work(self, column: int) -> npt.NDArray[np.int64]:
        """Return the columns of the entries that are the same work as that of the column, itself included, int64."""
        work = int(self.works[column])
        return self._by_work[self._ends[work - 1] if work else 0 : self._ends[work]]

    def known(self, history: History) -> Known:
        """Return which behaviours are on items of the catalogue, and the items' columns, both int64 [n_known].

        All others are to a recommender as if they had not happened. The arrays cannot be changed: others have them.
        """
        return self.read(history, Catalogue._find_known)

    def read(self, history: History, how: Callable[..., _Read], *more: Hashable) -> _Read:
        """Return ``how(catalogue, history, *more)``, made once however many ask for it one soon after the other.

        Args:
            history: What is read.
            how: Reads it in a way that depends on nothing else; what it returns is nobody's to change.
            more: What else it is told.
        """
        return cast("_Read", self._readings(how, history, more))

    def _read(self, how: Callable[..., object], history: History, more: tuple[Hashable, ...]) -> object:
        return how(self, history, *more)

    def _find_known(self, history: History) -> Known:
        columns = np.array([self._positions.get(b.item, -1) for b in history.behaviours], dtype=np.int64)
        places = np.flatnonzero(columns >= 0)
        return unchanging(places), unchanging(columns[places])

    def is_cold(self, item: str) -> bool:
        """Return whether the item came after the fit."""
        return self.position(item) >= len(self) - self.cold

    def extended(self, items: Sequence[Item]) -> Catalogue:
        """Return the catalogue with items that came after the fit behind the fitted ones."""
        return Catalogue([*self.items, *items], self.cold + len(items))


def unchanging(array: _Array) -> _Array:
    """Return the array as one that cannot be changed."""
    array.flags.writeable = False
    return array
