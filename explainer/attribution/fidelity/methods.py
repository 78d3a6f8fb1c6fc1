"""Every method that is compared: ours, the baselines, and other people's where they are installed."""

from __future__ import annotations

from collections.abc import Callable

from explainer.attribution.base import Attributor
from explainer.attribution.baselines import AttentionWeights, CosineFirst, PopularFirst, RandomOrder
from explainer.attribution.elimination import BackwardElimination
from explainer.attribution.gradients import IntegratedGradients
from explainer.attribution.leave_one_out import LeaveOneOut
from explainer.attribution.peers import CaptumGradients, ImplicitExplain
from explainer.attribution.perturbation import KernelShap, Lime
from explainer.attribution.sequential import SequentialDeletion
from explainer.attribution.shapley import Shapley
from explainer.errors import MissingLibraryError
from retriever.recommenders.als import AlsRecommender
from retriever.recommenders.attentive import AttentiveRecommender
from retriever.recommenders.base import Recommender, Training


def methods(
    recommender: Recommender, training: Training, seed: int, *, peers: bool
) -> tuple[list[Attributor], list[str]]:
    """Return the methods that apply to a recommender, and a note on each that could not take part.

    Args:
        recommender: What is explained.
        training: What it learnt from; popularity and cosine count there.
        seed: Of everything random.
        peers: Whether other people's libraries take part.
    """
    found: list[Attributor] = [
        SequentialDeletion(),
        BackwardElimination(),
        LeaveOneOut(),
        IntegratedGradients(),
        Shapley(seed=seed),
        CosineFirst(training.liked),
        PopularFirst(training.liked),
        RandomOrder(seed),
    ]
    if AttentionWeights.deep_part(recommender) is not None:
        found.append(AttentionWeights())
    makers: list[Callable[[], Attributor]] = [lambda: Lime(seed=seed), lambda: KernelShap(seed)]
    if isinstance(recommender, AlsRecommender) and recommender.config.half_life is None:
        makers.append(lambda: ImplicitExplain(recommender))
    if isinstance(recommender, AttentiveRecommender):
        makers.append(CaptumGradients)
    notes: list[str] = []
    for make in makers if peers else ():
        try:
            found.append(make())
        except MissingLibraryError as error:
            notes.append(str(error))
    return found, notes
