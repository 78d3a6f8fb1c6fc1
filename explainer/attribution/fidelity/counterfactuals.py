"""What the search for counterfactuals finds, checked by ranking again and by exhaustive search."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from explainer.attribution.counterfactual import Counterfactual, CounterfactualSearch
from explainer.attribution.fidelity.config import FidelityConfig
from explainer.attribution.fidelity.protocol import Case
from retriever.recommenders.base import Recommender
from retriever.retrieve import rank_of
from retriever.workspace import Workspace

_AT_ONCE = 512


def judge_counterfactuals(
    recommender: Recommender, cases: Sequence[Case], config: FidelityConfig, workspace: Workspace
) -> dict[str, Any]:
    """Return shares, sizes and times of the counterfactuals of every case's item in the list of k."""
    search = CounterfactualSearch()
    found = []
    for number, case in enumerate(cases):
        workspace.on_stage("Searching counterfactuals", number, len(cases))
        item = recommender.catalogue.items[case.column].id
        found.append(search.find(recommender, case.history, item, config.k))
    workspace.on_stage("Searching counterfactuals", len(cases), len(cases))
    hits = [(case, one) for case, one in zip(cases, found, strict=True) if one.places is not None]
    sizes = [len(one.places) for _, one in hits if one.places is not None]
    short = [pair for pair in zip(cases, found, strict=True) if len(pair[0].history) <= config.exhaustive_up_to]
    short = short[: config.exhaustive_users]
    smallest = []
    for number, (case, one) in enumerate(short):
        workspace.on_stage("Searching exhaustively", number, len(short))
        smallest.append(_smallest(recommender, case, one) == _size(one))
    workspace.on_stage("Searching exhaustively", len(short), len(short))
    return {
        "k": config.k,
        "max_size": search.max_size,
        "found": len(hits) / max(1, len(cases)),
        "mean_size": float(np.mean(sizes)) if sizes else None,
        "confirmed": float(np.mean([_confirmed(recommender, *pair) for pair in hits])) if hits else None,
        "exhaustive_histories": len(short),
        "smallest": float(np.mean(smallest)) if smallest else None,
        "ms_per_history": 1000 * float(np.mean([one.seconds for one in found])) if found else None,
    }


def _size(counterfactual: Counterfactual) -> int | None:
    return None if counterfactual.places is None else len(counterfactual.places)


def _confirmed(recommender: Recommender, case: Case, counterfactual: Counterfactual) -> bool:
    """Return whether the real ranking without the set has the item outside the list, and inside with it."""
    gone = {case.history.behaviours[place].id for place in counterfactual.places or ()}
    item = counterfactual.item
    before, _ = rank_of(recommender, case.history, item)
    after, _ = rank_of(recommender, case.history.set_aside(gone), item)
    return before <= counterfactual.k < after


def _smallest(recommender: Recommender, case: Case, counterfactual: Counterfactual) -> int | None:
    """Return the size of the smallest set there is, by ranking without every one of them."""
    behaviours = case.history.behaviours
    rivals = ~case.met
    rivals[case.column] = False
    for size in range(1, min(counterfactual.max_size, len(behaviours)) + 1):
        sets = list(combinations([behaviour.id for behaviour in behaviours], size))
        for start in range(0, len(sets), _AT_ONCE):
            parts = [case.history.without(set(ids)) for ids in sets[start : start + _AT_ONCE]]
            scores = recommender.scores(parts)
            above = np.count_nonzero(scores[:, rivals] >= scores[:, case.column : case.column + 1], axis=1)
            if (above >= counterfactual.k).any():
                return size
    return None
