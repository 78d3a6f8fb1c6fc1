"""Whom the writer is tested on: users of a dataset and the evidence behind their best items."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from explainer.attribution.defaults import default_attributor
from explainer.cases import Asking, CaseMaker
from explainer.evidence import EvidenceBuilder
from explainer.writing.style import Style
from explainer.writing.texts import Request
from retriever.data import Dataset
from retriever.encoder import TextEncoder
from retriever.fit import fit
from retriever.recommenders.factory import AnyConfig, config_named
from retriever.retrieve import recommend
from retriever.statistics import PeopleCounts, counted_as, counts_by_kind
from retriever.store import FittedModel
from retriever.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """Who is asked about what.

    Attributes:
        recommender: What ranks the items.
        users: Most users; of more, so many are drawn.
        top: Items of each.
        seed: Of the draw.
    """

    recommender: AnyConfig = field(default_factory=lambda: config_named("ease"))
    users: int = 610
    top: int = 5
    seed: int = 42


def requests_of(
    dataset: Dataset, encoder: TextEncoder, asked: Asked, style: Style, workspace: Workspace
) -> list[Request]:
    """Fit on the dataset and return the evidence for the best items of its users, as it is told to this reader.

    Raises:
        DataError: If the dataset cannot be fitted on.
    """
    model = fit(dataset, encoder, asked.recommender, workspace)
    evidence = EvidenceBuilder(model, dataset.domain, people=_people(dataset, model))
    maker = CaseMaker(model.recommender, default_attributor(model.recommender), evidence)
    users = sorted(dataset.histories)
    if len(users) > asked.users:
        users = sorted(random.Random(asked.seed).sample(users, asked.users))
    requests: list[Request] = []
    for number, user in enumerate(users):
        workspace.on_stage("Finding evidence", number, len(users))
        history = dataset.histories[user]
        best = recommend(model.recommender, history, asked.top)
        requests += [Request(maker.case(Asking(history, None), target, style).evidence, user) for target in best]
    workspace.on_stage("Finding evidence", len(users), len(users))
    return requests


def _people(dataset: Dataset, model: FittedModel) -> PeopleCounts:
    """Return the counts that a reason may quote; where there is one kind only, the model has counted just that."""
    kinds = {counted_as(behaviour.kind, behaviour.value) for behaviour in dataset.behaviours}
    if len(kinds) <= 1:
        return dict.fromkeys(kinds, model.counts)
    return counts_by_kind(model.recommender.catalogue, dataset.behaviours, model.recommender.scale)
