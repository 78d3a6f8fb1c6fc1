"""Histories as the numbers that the network reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retriever.data import BehaviourKind, History, Polarity, ValueScale
from retriever.recommenders.catalogue import Catalogue, unchanging

KINDS = tuple(BehaviourKind)
# Ages are told apart by powers of two: 0, 1, 2-3, 4-7, …; twelve steps reach past 2,000 behaviours.
AGE_STEPS = 12
# exp of more would leave float32; trained attention stays far below.
MAX_ATTENTION = 15.0
_OPINION = {Polarity.POSITIVE: 1, Polarity.NEUTRAL: 0, Polarity.NEGATIVE: -1}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A history, one entry per behaviour on a known item, in time order.

    Attributes:
        places: int64, the behaviour's place in the history.
        columns: int64, the item's column.
        kinds: int64, number of the behaviour's kind.
        values: float32, place on the rating scale, 0 to 1; NaN without a value.
        opinions: int64, 1 liked, 0 neither, -1 disliked.
    """

    places: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    opinions: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.columns)

    def last(self, length: int) -> Encoded:
        """Return the most recent behaviours."""
        return self.part(slice(max(0, len(self) - length), len(self)))

    def part(self, rows: slice) -> Encoded:
        """Return some of the behaviours."""
        return Encoded(self.places[rows], self.columns[rows], self.kinds[rows], self.values[rows], self.opinions[rows])


def encode(history: History, catalogue: Catalogue, scale: ValueScale) -> Encoded:
    """Return the history as numbers, which cannot be changed."""
    return catalogue.read(history, _encoded, scale)


def _encoded(catalogue: Catalogue, history: History, scale: ValueScale) -> Encoded:
    places, columns = catalogue.known(history)
    known = [history.behaviours[at] for at in places]
    return Encoded(
        places,
        columns,
        unchanging(np.array([KINDS.index(b.kind) for b in known], dtype=np.int64)),
        unchanging(np.array([np.nan if b.value is None else scale.share(b.value) for b in known], dtype=np.float32)),
        unchanging(np.array([_OPINION[scale.polarity(b)] for b in known], dtype=np.int64)),
    )


def age_steps(ages: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the step of each age; an age is the number of later behaviours."""
    return np.asarray(np.minimum(np.log2(ages + 1).astype(np.int64), AGE_STEPS - 1))


def centred(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return places on the scale as -.5 to .5, and 0 where there is no value."""
    return np.asarray(np.nan_to_num(values - np.float32(0.5), nan=0.0))
