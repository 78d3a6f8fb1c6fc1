"""The contract of a recommender: a pure function from a history to the score of every item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from retriever.data import Behaviour, History, Item, Polarity, ValueScale
from retriever.data.model import item_positions
from retriever.errors import UnknownItemError

Scores = npt.NDArray[np.float32]


@runtime_checkable
class Recommender(Protocol):
    """Scores items for histories. It holds no parameter per user: leaving a behaviour out is just another history.

    Attributes:
        name: Short name, stored with every explanation.
        catalogue: The items it was fitted on, in the order of its columns.
    """

    name: str
    catalogue: Catalogue

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items]; deterministic, a batch equals one by one."""
        ...

    def contributions(self, history: History, item: str) -> Scores:
        """Return float32 [n_behaviours]: the exact fall of the item's score when that behaviour alone is left out.

        Raises:
            UnknownItemError: If the item is not in the catalogue.
        """
        ...


class Catalogue:
    """Items numbered by their column.

    Attributes:
        items: The items.
        works: int64 [n_items]; entries of equal title and year share a number. Catalogues list some works twice under
            two ids, and the second is no news to someone who knows the first.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        self._positions = item_positions(self.items)
        numbers: dict[tuple[str, int | None], int] = {}
        works = [numbers.setdefault((item.title.casefold(), item.year), len(numbers)) for item in self.items]
        self.works = np.array(works, dtype=np.int64)

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

    def weights(self, history: History, scale: ValueScale) -> tuple[npt.NDArray[np.int64], Scores]:
        """Return each behaviour's column (int64, -1 when unknown) and weight (float32), both [n_behaviours]."""
        columns = [self._positions.get(b.item, -1) for b in history.behaviours]
        weights = [
            behaviour_weight(b, scale) if c >= 0 else 0.0 for b, c in zip(history.behaviours, columns, strict=True)
        ]
        return np.array(columns, dtype=np.int64), np.array(weights, dtype=np.float32)


def behaviour_weight(behaviour: Behaviour, scale: ValueScale) -> float:
    """Return how loudly a behaviour speaks: 1 for a like or top rating, less for a weaker one, below 0 for dislike."""
    polarity = scale.polarity(behaviour)
    if behaviour.value is None:
        return 1.0
    if polarity is Polarity.NEUTRAL:
        return 0.0
    share = scale.share(behaviour.value)
    # A liked rating weighs .75 to 1, a disliked one -.25 to 0: absence of love is weaker evidence than love.
    return share if polarity is Polarity.POSITIVE else -0.25 * (1 - share / scale.disliked)
