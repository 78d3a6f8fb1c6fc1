"""What there is about one user, and what they decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explainer.evidence.tags import TagBehaviour, UserTag
from explainer.server.choices import ExclusionRequest, SettingsRequest
from explainer.server.document.examples.names import (
    BEHAVIOUR,
    ITEM,
    LATER,
    MET,
    MET_TITLE,
    OTHER,
    OTHER_BEHAVIOUR,
    OTHER_TITLE,
    RATED_AT,
    TITLE,
    USER,
)
from explainer.server.schemas import PreviewedItem, PreviewedList, PreviewRequest, Recommendations, RecommendedItem
from explainer.service.exclusions import Exclusion, Exclusions
from explainer.service.shown_users import ShownExclusions, ShownTags, ShownWhyNot
from explainer.service.user_settings import UserSettings
from explainer.service.why_not import Part, Standing
from retriever.data import AspectSource, BehaviourKind

_EXCLUDED = Exclusion(BEHAVIOUR, MET, MET_TITLE, BehaviourKind.RATING, 5.0, RATED_AT, LATER)
_TAG = UserTag(
    "noir",
    AspectSource.CATALOGUE,
    6,
    0.08,
    (TagBehaviour(BEHAVIOUR, MET, MET_TITLE), TagBehaviour(OTHER_BEHAVIOUR, OTHER, OTHER_TITLE)),
)
_WHY_NOT = ShownWhyNot(
    user=USER,
    item=ITEM,
    title=TITLE,
    k=10,
    standing=Standing.OUTRANKED,
    rank=14,
    of=1640,
    score=0.21,
    needed=0.26,
    speaks_for=[Part(BEHAVIOUR, MET, MET_TITLE, 0.18)],
    speaks_against=[Part(OTHER_BEHAVIOUR, OTHER, OTHER_TITLE, -0.04)],
    words="It is at rank 14 of 1,640, and the list ends at 10.",
)
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    Recommendations: (
        Recommendations(
            USER,
            cold_start=False,
            personalised=True,
            recommendations=[RecommendedItem(ITEM, TITLE, 1998, ("noir", "sci-fi"), (), 1, 0.63, cold=False)],
        ),
    ),
    PreviewRequest: (PreviewRequest([BEHAVIOUR], k=5),),
    PreviewedList: (
        PreviewedList(
            USER,
            [BEHAVIOUR],
            [PreviewedItem(OTHER, OTHER_TITLE, 1, 2, f"{OTHER_TITLE} is popular with people browsing this week.")],
            [ITEM],
            [],
        ),
    ),
    ShownTags: (ShownTags(USER, [_TAG], ["western"]),),
    ShownWhyNot: (_WHY_NOT,),
    ExclusionRequest: (ExclusionRequest([BEHAVIOUR]),),
    Exclusions: (Exclusions(USER, [_EXCLUDED]),),
    ShownExclusions: (ShownExclusions(USER, [_EXCLUDED]),),
    SettingsRequest: (SettingsRequest(personalised=False),),
    UserSettings: (UserSettings(USER, personalised=False, changed_at=LATER),),
}
