"""How a recommender decides, told in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explainer.server.document.examples.names import SHOWN_AT
from explainer.service.parameters import (
    Choice,
    Learnt,
    Parameters,
    PartDescription,
    RecommenderDescription,
    RecommenderVersion,
    Setting,
    Signal,
)
from retriever.data import BehaviourKind

_PART = PartDescription(
    "content",
    "What items are about",
    "Title, year, genres or categories and description of the items that you like, compared in meaning with others'.",
    0.4,
    0.21,
    [Setting("neighbours", 50, "Each item counts for the 50 items nearest to it in meaning.")],
)
_RECOMMENDER = RecommenderDescription(
    "hybrid", "Several ways of recommending, added up", "Each part gives every item a score.", [_PART]
)
_PARAMETERS = Parameters(
    "en",
    "9c1f27d0",
    _RECOMMENDER,
    "How much of the differences between items' scores comes from this part.",
    Learnt(1682, 943, 0, ["It has learnt from 943 people and 1,682 items."]),
    [Signal(BehaviourKind.PURCHASE, 1.0, "Buying an item counts 1.")],
    "A rating of 3.8 or more counts for its item.",
    ["Money: what an item earns, or what anybody would pay for a place in the list."],
    [Choice("PUT /v1/users/{user}/settings", "Switch personalisation off.")],
    [RecommenderVersion("9c1f27d0", SHOWN_AT, in_use=True, recommender=None, words="")],
)
EXAMPLES: Mapping[type, tuple[Any, ...]] = {Parameters: (_PARAMETERS,)}
