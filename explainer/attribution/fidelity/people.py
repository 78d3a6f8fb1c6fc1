"""Who is asked: users held out of the fit, their likes, and the best item that they have not met."""

from __future__ import annotations

import random
from dataclasses import replace

from sklearn.model_selection import train_test_split

from explainer.attribution.fidelity.config import FidelityConfig
from explainer.attribution.fidelity.protocol import Case
from retriever.data import BehaviourKind, Dataset, History, Polarity
from retriever.errors import DataError
from retriever.recommenders.base import Recommender
from retriever.recommenders.subsets import Mix
from retriever.retrieve import met_items, recommend


def likes_only(dataset: Dataset) -> Dataset:
    """Return the dataset with every positive rating as a like, and no other ratings: the protocol's implicit data."""
    kept = [
        behaviour if behaviour.value is None else replace(behaviour, kind=BehaviourKind.LIKE, value=None)
        for behaviour in dataset.behaviours
        if dataset.scale.polarity(behaviour) is Polarity.POSITIVE
    ]
    return replace(dataset, behaviours=tuple(kept))


def divide(dataset: Dataset, config: FidelityConfig) -> tuple[Dataset, list[History]]:
    """Return what may be learnt from, and the histories of held-out users.

    Raises:
        DataError: If there are too few users to hold some out.
    """
    users = sorted(dataset.histories, key=lambda user: (len(user), user))  # numbers as numbers
    if len(users) < 2:  # noqa: PLR2004  one to learn from and one to explain
        raise DataError(f"{dataset.name} has {len(users)} users with likes; at least 2 are needed to hold some out.")
    learnt, asked = train_test_split(users, test_size=config.share, random_state=config.seed)
    if len(asked) > config.max_users:
        asked = random.Random(config.seed).sample(asked, config.max_users)
    known = set(learnt)
    train = replace(dataset, behaviours=tuple(b for b in dataset.behaviours if b.user in known))
    return train, [dataset.histories[user] for user in asked]


def cases_of(recommender: Recommender, histories: list[History]) -> list[Case]:
    """Return each history with its best unmet item; those whose behaviours do not lift that item are left out."""
    found = []
    for history in histories:
        best = recommend(recommender, history, 1)
        if not best:
            continue
        column = recommender.catalogue.position(best[0].item.id)
        base = float(recommender.subsets(history, [Mix.one(column)]).base()[0])
        if best[0].score > base:
            found.append(Case(history, column, met_items(recommender, history), base))
    return found
