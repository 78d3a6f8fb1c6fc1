"""The fidelity report: one table for all methods, and what counterfactuals can do."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explainer.attribution.base import Attributor
from explainer.attribution.defaults import default_attributor
from explainer.attribution.fidelity.config import FidelityConfig
from explainer.attribution.fidelity.counterfactuals import judge_counterfactuals
from explainer.attribution.fidelity.methods import methods
from explainer.attribution.fidelity.people import cases_of, divide, likes_only
from explainer.attribution.fidelity.protocol import Case, Curves, curves
from explainer.attribution.fidelity.steadiness import gini, steadiness
from retriever.data import Dataset
from retriever.encoder import Embeddings
from retriever.recommenders.base import Recommender, Training
from retriever.recommenders.factory import class_of
from retriever.threads import one_thread
from retriever.workspace import Workspace

Row = dict[str, Any]


@dataclass
class FidelityReport:
    """What came out.

    Attributes:
        dataset: Name of the dataset.
        recommender: Name of the recommender.
        default: The method that serves this recommender.
        users: How many histories were explained.
        rows: One per method.
        curves: Per method the means over users at the eleven points, see :class:`Curves`.
        counterfactual: What was found, how large, how surely.
        notes: What the reader should know.
    """

    dataset: str
    recommender: str
    default: str
    users: int
    rows: list[Row] = field(default_factory=list)
    curves: dict[str, Mapping[str, list[float]]] = field(default_factory=dict)
    counterfactual: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def report_fidelity(
    dataset: Dataset, embeddings: Embeddings, config: FidelityConfig, workspace: Workspace
) -> FidelityReport:
    """Fit on most users, explain the best item of the others by every method, and measure.

    Args:
        dataset: Items and behaviours.
        embeddings: float32 [n_items, dimensions], rows of length 1.
        config: Settings.
        workspace: Where progress goes.

    Raises:
        DataError: If there are too few users.
    """
    train, histories = divide(likes_only(dataset), config)
    training = Training(train, embeddings)
    cls = class_of(config.recommender)
    recommender = cls.fit(training, config.recommender, workspace)
    cases = cases_of(recommender, histories)
    report = FidelityReport(dataset.name, cls.name, default_attributor(recommender).method, len(cases))
    if len(cases) < len(histories):
        report.notes.append(f"{len(histories) - len(cases)} users have no item that their behaviours lift; left out.")
    compared, notes = methods(recommender, training, config.seed, peers=config.peers)
    report.notes += notes
    for number, method in enumerate(compared):
        workspace.on_stage("Explaining by every method", number, len(compared))
        with one_thread():
            row, means = _judge(recommender, cases, method, config.seed)
        report.rows.append(row)
        report.curves[method.method] = means
    workspace.on_stage("Explaining by every method", len(compared), len(compared))
    with one_thread():
        report.counterfactual = judge_counterfactuals(recommender, cases, config, workspace)
    return report


def _judge(
    recommender: Recommender, cases: Sequence[Case], method: Attributor, seed: int
) -> tuple[Row, Mapping[str, list[float]]]:
    """Return a method's row and its mean curves."""
    found: list[Curves] = []
    measures: list[dict[str, float]] = []
    rng = random.Random(seed)
    for number, case in enumerate(cases):
        item = recommender.catalogue.items[case.column].id
        if number == 0:
            method.attribute(recommender, case.history, item)  # whatever is made ready once is not this history's
        attribution = method.attribute(recommender, case.history, item)
        found.append(curves(recommender, case, attribution.order))
        dropped = rng.randrange(len(case.history))
        lacking = case.history.without({case.history.behaviours[dropped].id})
        again = method.attribute(recommender, lacking, item)
        rise = attribution.score - attribution.base
        measures.append(
            found[-1].measures()
            | {
                "ms_per_history": 1000 * attribution.seconds,
                "completeness_gap": abs(attribution.completeness_gap) / abs(rise),
                "standard_error": attribution.error / abs(rise),
                "stability": steadiness(attribution.order, again.order, dropped) or np.nan,
                "sparsity": gini(attribution.contributions),
            }
        )
    row = {"method": method.method} | {key: float(np.nanmean([m[key] for m in measures])) for key in measures[0]}
    names = ("rank", "rank_least", "left", "alone")
    means = {name: np.mean([getattr(one, name) for one in found], axis=0).tolist() for name in names}
    means["in_top_20"] = np.mean([one.rank <= 20 for one in found], axis=0).tolist()  # noqa: PLR2004  as in POS@20
    return row, means
