"""Items numbered by their column."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from retriever.data import Behaviour, History, Item
from retriever.data.model import item_positions
from retriever.errors import UnknownItemError


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
        # Every part of a hybrid asks of the same few histories. Few are kept, so nobody's stays for long.
        self._known = lru_cache(maxsize=16)(self._find_known)

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

    def known(self, history: History) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return which behaviours are on items of the catalogue, and the items' columns, both int64 [n_known].

        All others are to a recommender as if they had not happened.
        """
        return self._known(history.behaviours)

    def _find_known(self, behaviours: tuple[Behaviour, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        columns = np.array([self._positions.get(b.item, -1) for b in behaviours], dtype=np.int64)
        places = np.flatnonzero(columns >= 0)
        known = columns[places]
        places.flags.writeable = known.flags.writeable = False
        return places, known

    def is_cold(self, item: str) -> bool:
        """Return whether the item came after the fit."""
        return self.position(item) >= len(self) - self.cold

    def extended(self, items: Sequence[Item]) -> Catalogue:
        """Return the catalogue with items that came after the fit behind the fitted ones."""
        return Catalogue([*self.items, *items], self.cold + len(items))
