"""An explanation, from request to feedback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from explainer.attribution.deletion_test import DeletionVerdict
from explainer.evidence.model import CoOccurrence, SharedAspect
from explainer.server.document.examples.names import (
    BEHAVIOUR,
    EXPLANATION,
    ITEM,
    LATER,
    MET,
    MET_TITLE,
    NEXT,
    OTHER,
    OTHER_BEHAVIOUR,
    OTHER_TITLE,
    RATED_AT,
    SHOP,
    SHOWN_AT,
    TITLE,
    USER,
)
from explainer.server.explanations import FeedbackRequest
from explainer.server.schemas import ExplanationPage, ExplanationRequest, Explanations
from explainer.service.feedback import Feedback, FeedbackKind
from explainer.service.shown import AiLabel, MadeBy, ShownCounterfactual, ShownExplanation
from explainer.view import CitedView, CounterfactualView, RevisionView, Versions

_FIRST = f"Because you gave {MET_TITLE} 5 stars: {TITLE} is noir and sci-fi, too."
_BETTER = f"You gave {MET_TITLE} 5 stars, and {TITLE} works the same noir and sci-fi seam."
_COUNTERFACTUAL = CounterfactualView(
    10, [BEHAVIOUR], 5, exhaustive=True, new_rank=14, replacement=OTHER, replacement_title=OTHER_TITLE
)
_CITED = CitedView(
    "b1",
    BEHAVIOUR,
    MET,
    MET_TITLE,
    "rating",
    5.0,
    RATED_AT,
    0.42,
    0.7,
    [SharedAspect("noir"), SharedAspect("sci-fi"), CoOccurrence(37, 50)],
)
WAITING = ShownExplanation(
    id=EXPLANATION,
    user=USER,
    item=ITEM,
    title=TITLE,
    text=_FIRST,
    source="template",
    evidence=[_CITED],
    versions=Versions("9c1f27d0", "template", "a7681936", ""),
    rank=1,
    score=0.63,
    base_score=0.03,
    method="sequential deletion by halves",
    contributions={BEHAVIOUR: 0.42, OTHER_BEHAVIOUR: 0.18},
    order=[BEHAVIOUR, OTHER_BEHAVIOUR],
    verdict=DeletionVerdict(causal=True, fall=0.42, usual_fall=0.05, as_strong=0.0, sets=104),
    counterfactual=_COUNTERFACTUAL,
    locale="en",
    audience="customer",
    gate_failures=[],
    created_at=SHOWN_AT,
    surface="home",
    current=_FIRST,
    revision=1,
    revisions=[],
    pending=True,
    ai=AiLabel(generated=False, label=None),
    made_by=MadeBy("openvino", "5a1e6c0b", "d3c07f11"),
)
SHOWN = msgspec.structs.replace(
    WAITING,
    current=_BETTER,
    revision=2,
    revisions=[RevisionView(2, _BETTER, "model", [], "5be2c0f4", "a7681936", "smollm2+en-3d41", LATER)],
    pending=False,
    ai=AiLabel(generated=True, label="AI-written"),
)
FEEDBACK = Feedback(
    "0199c0df-11b3-7a10-8d6e-2b1f0f7f9f0e",
    EXPLANATION,
    FeedbackKind.WRONG,
    "It was my sister who rated that film.",
    SHOP,
    LATER,
)
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    ExplanationRequest: (
        ExplanationRequest(USER, k=3, surface="home"),
        ExplanationRequest(USER, items=[ITEM, OTHER], locale="zh", audience="support"),
    ),
    Explanations: (Explanations([WAITING]),),
    ExplanationPage: (ExplanationPage([SHOWN], NEXT),),
    ShownExplanation: (SHOWN,),
    ShownCounterfactual: (ShownCounterfactual(**msgspec.structs.asdict(_COUNTERFACTUAL)),),
    FeedbackRequest: (FeedbackRequest(FEEDBACK.kind, FEEDBACK.comment), FeedbackRequest(FeedbackKind.HELPFUL)),
    Feedback: (FEEDBACK,),
}
TEXTS = {
    "get_explanation_events": f"""\
id: 2
event: text
data: {{"explanation":"{EXPLANATION}","revision":2,"text":"{_BETTER}","source":"model","ai_generated":true,\
"pending":false}}

id: 2
event: end
data: {{"explanation":"{EXPLANATION}","revision":2,"text":"{_BETTER}","source":"model","ai_generated":true,\
"pending":false}}

"""
}
