"""How loudly a behaviour speaks: its kind, its value, how long ago."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import Behaviour, BehaviourKind, History, Polarity, ValueScale
from retriever.ordering import Columns
from retriever.recommenders.catalogue import Catalogue, unchanging
from retriever.recommenders.subsets import Doubles

Floats = npt.NDArray[np.float32]
# Left over from a disliked item: absence of love is weaker evidence than love.
_DISLIKE = -0.25
_KINDS = {
    BehaviourKind.VIEW: 0.3,
    BehaviourKind.CLICK: 0.4,
    BehaviourKind.READ: 0.6,
    BehaviourKind.LISTEN: 0.6,
    BehaviourKind.FOLLOW: 0.8,
    BehaviourKind.LIKE: 1.0,
    BehaviourKind.PURCHASE: 1.0,
    BehaviourKind.REVIEW: 1.0,
    BehaviourKind.RATING: 1.0,
}


class Recency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a behaviour fades with its age, counted in later behaviours, so that data without times fades, too.

    Attributes:
        half_life: After so many later behaviours one weighs half; None means never.
    """

    half_life: float | None = None

    @property
    def per_behaviour(self) -> float:
        """By what a weight is multiplied for each later behaviour, above 0 and at most 1."""
        return 1.0 if self.half_life is None else float(2.0 ** (-1.0 / self.half_life))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A history as a recommender sees it; one entry per behaviour on a known item, in time order.

    Attributes:
        places: int64 [n_known], the behaviour's place in the history.
        columns: int64 [n_known], the item's column.
        weights: float32 [n_known], below 0 for a dislike, 0 for no opinion.
    """

    places: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    weights: Floats


def behaviour_weight(behaviour: Behaviour, scale: ValueScale) -> float:
    """Return 1 for a like, purchase or top rating, less for a weaker sign, below 0 for a dislike.

    A liked rating weighs its place on the scale, a disliked one -.25 to 0, one in between nothing.
    """
    polarity = scale.polarity(behaviour)
    if polarity is Polarity.NEUTRAL:
        return 0.0
    if behaviour.value is None:
        return _KINDS[behaviour.kind]
    share = scale.share(behaviour.value)
    return share if polarity is Polarity.POSITIVE else _DISLIKE * (1 - share / scale.disliked)


def weigh(history: History, catalogue: Catalogue, scale: ValueScale, recency: Recency) -> Weighed:
    """Return columns and weights of a history's behaviours on known items."""
    places, columns, weights = catalogue.read(history, _unfaded, scale)
    ages = np.arange(len(weights) - 1, -1, -1, dtype=np.float64)
    return Weighed(places, columns, (weights * recency.per_behaviour**ages).astype(np.float32))


def _unfaded(catalogue: Catalogue, history: History, scale: ValueScale) -> tuple[Columns, Columns, Doubles]:
    """Return places, columns and weights, as if none were older than another."""
    places, columns = catalogue.known(history)
    known = [history.behaviours[at] for at in places.tolist()]
    # People give few different signs: each is weighed once.
    signs = {(one.kind, one.value): one for one in known}
    told = {sign: behaviour_weight(one, scale) for sign, one in signs.items()}
    weights = np.array([told[one.kind, one.value] for one in known], dtype=np.float64)
    return places, columns, unchanging(weights)


def weight_matrix(histories: Sequence[History], catalogue: Catalogue, scale: ValueScale, recency: Recency) -> csr_array:
    """Return the histories as sparse float32 [n_histories, n_items].

    Several behaviours on one item are several entries: a product adds them up, and to do it before takes longer.
    """
    shape = (len(histories), len(catalogue))
    if not histories:
        return csr_array(shape, dtype=np.float32)
    weighed = [weigh(history, catalogue, scale, recency) for history in histories]
    ends = np.cumsum([0, *(len(one.columns) for one in weighed)])
    columns = np.concatenate([one.columns for one in weighed])
    if max(shape[1], ends[-1]) <= np.iinfo(np.int32).max:
        columns, ends = columns.astype(np.int32), ends.astype(np.int32)
    weights = np.concatenate([one.weights for one in weighed])
    return csr_array((weights, columns, ends), shape=shape, dtype=np.float32)
