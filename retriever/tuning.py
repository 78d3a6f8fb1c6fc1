"""Settings chosen on validation: one after the other, each from a few values, the others held."""

from __future__ import annotations

from typing import Any

import msgspec

from retriever.recommenders.als import AlsConfig
from retriever.recommenders.base import Recommender
from retriever.recommenders.content import ContentConfig
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.item_knn import ItemKnnConfig, Similarity
from retriever.recommenders.registry import SingleConfig, recommender_for
from retriever.validation import Validation
from retriever.workspace import Workspace

_HALF_LIVES = (None, 100.0, 50.0, 20.0, 10.0, 5.0, 3.0)
_VALUES: dict[type, dict[str, tuple[Any, ...]]] = {
    EaseConfig: {"half_life": _HALF_LIVES, "regularization": (100.0, 400.0)},
    ItemKnnConfig: {"half_life": _HALF_LIVES, "similarity": tuple(Similarity), "neighbours": (100, 1000)},
    AlsConfig: {"factors": (64, 128), "alpha": (0.3, 3.0), "regularization": (1.0, 20.0), "half_life": (100.0, 20.0)},
    ContentConfig: {"half_life": _HALF_LIVES, "neighbours": (10, 20)},
}


def tuned(config: SingleConfig, validation: Validation, workspace: Workspace) -> Recommender:
    """Return the recommender that ranks best on validation, fitted on the validation's training part.

    Args:
        config: Where to start; values that are not tried stay as they are.
        validation: What to choose by.
        workspace: Told about progress.
    """
    cls = recommender_for(config)
    tries = [(field, value) for field, values in _VALUES.get(type(config), {}).items() for value in values]
    best = cls.fit(validation.train, config, workspace)
    quality = validation.quality(best.scores(validation.histories))
    for done, (field, value) in enumerate(tries, start=1):
        candidate = msgspec.structs.replace(best.config, **{field: value})
        if candidate != best.config:
            fitted = best.adapted(candidate) or cls.fit(validation.train, candidate, workspace)
            reached = validation.quality(fitted.scores(validation.histories))
            if reached > quality:
                best, quality = fitted, reached
        workspace.on_stage(f"Choosing settings of {cls.name}", done, len(tries))
    return best
