"""From end to end: do the behaviours that served explanations cite really hold their items up?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from explainer.assembly import make_encoder
from explainer.attribution.defaults import default_attributor
from explainer.attribution.fidelity.config import FidelityConfig
from explainer.attribution.fidelity.people import divide
from explainer.cases import Asking, Case, CaseMaker
from explainer.evidence import EvidenceBuilder, EvidencePolicy
from explainer.settings import Settings
from explainer.writing.style import Style
from retriever.data import History, read_dataset
from retriever.fit import fit
from retriever.recommenders.base import Recommender
from retriever.recommenders.factory import config_from
from retriever.retrieve import rank_of, recommend

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "movielens-small"
# As a fit on the same users chose them, which takes the better part of half an hour.
CHOSEN = Path(__file__).parent / "hybrid-movielens-small.json"
_CASES, _PER_USER, _RANDOM_SETS = 200, 2, 20


def served(settings: Settings) -> dict[str, float]:
    """Measure 200 explanations for people held out of the fit; nothing where the data is not beside the checkout."""
    if not FOLDER.is_dir():
        return {}
    dataset, _ = read_dataset(str(FOLDER))
    config = config_from(CHOSEN)
    train, histories = divide(dataset, FidelityConfig(recommender=config))
    model = fit(train, make_encoder(settings), config)
    recommender = model.recommender
    maker = CaseMaker(recommender, default_attributor(recommender), EvidenceBuilder(model, dataset.domain))
    rows = [_judged(recommender, history, case) for history, case in _cases(recommender, histories, maker)][:_CASES]
    return {"served_explanations": len(rows)} | {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _cases(recommender: Recommender, histories: list[History], maker: CaseMaker) -> Iterator[tuple[History, Case]]:
    for history in histories:
        for target in recommend(recommender, history, _PER_USER):
            case = maker.case(Asking(history, None), target, Style())
            if case.evidence.behaviours:
                yield history, case


def _judged(recommender: Recommender, history: History, case: Case) -> dict[str, float]:
    """Return shares: what is cited, and whether deleting it costs more score and more rank than random sets do."""
    ids = [behaviour.id for behaviour in history.behaviours]
    cited = {behaviour.behaviour_id for behaviour in case.evidence.behaviours}
    own = cited <= set(ids)
    top = EvidencePolicy().top(len(ids))
    item = case.target.item.id
    rank, score = rank_of(recommender, history.set_aside(cited), item)
    rng = random.Random(f"{history.user} {item}")
    drawn = [set(rng.sample(ids, len(cited))) for _ in range(_RANDOM_SETS)]
    others = [rank_of(recommender, history.set_aside(some), item) for some in drawn]
    usual_rank, usual_score = np.mean(others, axis=0)
    return {
        "cited_are_own": own,
        "cited_in_top_attribution": cited <= {ids[place] for place in case.attribution.order[:top]},
        "causal": case.evidence.causal,
        "score_falls_more": score < usual_score,
        "rank_falls_more": rank > usual_rank,
        "rank_falls_less": rank < usual_rank,
        "no_set_moves_the_rank": rank == usual_rank == case.target.rank,
    }
