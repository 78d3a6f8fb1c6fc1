"""Other people's recommenders, run by their own code, on the same exam: the yardstick.

Each is tuned on the same validation users as ours, over the settings that its documentation names.
"""

from __future__ import annotations

import importlib.util
import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from implicit.utils import ParameterWarning
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from retriever.data import History
from retriever.evaluation.metrics import Lists
from retriever.evaluation.protocol import Ranker
from retriever.recommenders.base import Training

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Peer:
    """Somebody else's recommender.

    Attributes:
        name: As in the results, ``peer:…``.
        grid: Values per setting; every combination is tried on validation.
        fit: Takes training data and settings, gives a ranker.
        package: What must be installed.
        is_random: Whether it depends on a seed.
    """

    name: str
    grid: Mapping[str, Sequence[Any]]
    fit: Callable[[Training, Settings], Ranker]
    package: str
    is_random: bool = False

    @property
    def is_here(self) -> bool:
        """Whether its package is installed."""
        return importlib.util.find_spec(self.package) is not None

    def settings(self) -> list[Settings]:
        """Return every combination of the grid."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]


def peers(seed: int = 0) -> list[Peer]:
    """Return the peers."""
    return [
        Peer(
            "peer:implicit-als",
            {
                "factors": (32, 64, 128),
                "alpha": (1.0, 3.0, 10.0),
                "regularization": (0.1, 5.0),
                "random_state": (seed,),
            },
            _implicit_als,
            "implicit",
            is_random=True,
        ),
        Peer(
            "peer:implicit-item-knn",
            {"similarity": ("cosine", "tfidf", "bm25"), "neighbours": (20, 100, 500)},
            _implicit_knn,
            "implicit",
        ),
        Peer("peer:rectools-ease", {"regularization": (100.0, 200.0, 400.0)}, _rectools_ease, "rectools"),
    ]


def _implicit_als(training: Training, settings: Settings) -> Ranker:
    with threadpool_limits(1, "blas"):  # as the library asks
        model = AlternatingLeastSquares(use_gpu=False, **settings)
        model.fit(csr_matrix(training.liked), show_progress=False)
    return _implicit(model, training)


def _implicit_knn(training: Training, settings: Settings) -> Ranker:
    cls = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender, "bm25": BM25Recommender}[settings["similarity"]]
    model = cls(K=settings["neighbours"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ParameterWarning)
        model.fit(csr_matrix(training.liked), show_progress=False)
    return _implicit(model, training)


def _implicit(model: Any, training: Training) -> Ranker:  # noqa: ANN401  the library has no types
    rows, liked = _rows(training), csr_matrix(training.liked)

    def rank(histories: Sequence[History], met: csr_array, k: int) -> Lists:
        users = np.array([rows[h.user] for h in histories])
        longest = _asked_for(met, k, liked.shape[1])
        found, _ = model.recommend(users, liked[users], N=longest, filter_already_liked_items=True)
        return _unmet(found, met, k)

    return rank


def _rectools_ease(training: Training, settings: Settings) -> Ranker:
    import pandas as pd  # noqa: PLC0415  only who compares needs these
    from rectools import Columns  # noqa: PLC0415
    from rectools.dataset import Dataset  # noqa: PLC0415
    from rectools.models import EASEModel  # noqa: PLC0415

    liked = training.liked.tocoo()
    frame = pd.DataFrame(
        {Columns.User: liked.row, Columns.Item: liked.col, Columns.Weight: 1.0, Columns.Datetime: "2000"}
    )
    dataset = Dataset.construct(frame)
    model = EASEModel(regularization=settings["regularization"])
    model.fit(dataset)
    rows, present = _rows(training), set(liked.row.tolist())

    def rank(histories: Sequence[History], met: csr_array, k: int) -> Lists:
        users = [rows[h.user] for h in histories]
        lists = np.full((len(users), _asked_for(met, k, training.liked.shape[1])), -1, dtype=np.int64)
        places = {user: place for place, user in enumerate(users) if user in present}
        table = model.recommend(np.array(list(places)), dataset, k=lists.shape[1], filter_viewed=True)
        at = table[Columns.User].map(places).to_numpy()
        lists[at, table[Columns.Rank].to_numpy() - 1] = table[Columns.Item].to_numpy()
        return _unmet(lists, met, k)

    return rank


def _rows(training: Training) -> dict[str, int]:
    return {history.user: row for row, history in enumerate(training.histories)}


def _asked_for(met: csr_array, k: int, n_items: int) -> int:
    """Return how many items to ask a library for, so that k unmet ones are left: it knows of likes only."""
    return min(n_items, k + int(np.diff(met.indptr).max(initial=0)))


def _unmet(found: npt.NDArray[np.integer], met: csr_array, k: int) -> Lists:
    lists = np.full((len(found), k), -1, dtype=np.int64)
    for row, columns in enumerate(found):
        seen = met.indices[met.indptr[row] : met.indptr[row + 1]]
        kept = columns[(columns >= 0) & ~np.isin(columns, seen)][:k]
        lists[row, : len(kept)] = kept
    return lists
