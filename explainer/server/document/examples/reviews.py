"""A text that was reported: queued, judged, taken back; and who looked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from explainer.server.document.examples.explanations import FEEDBACK, SHOWN
from explainer.server.document.examples.names import EXPLANATION, LATER, MET_TITLE, NEXT, PURPOSE, TICKET, TITLE
from explainer.server.reviews import ReviewPage, SuppressRequest, VerdictRequest, ViewPage
from explainer.service.reviews import Judgement, Review, ReviewCase, Text
from explainer.service.suppress import Suppression
from explainer.service.views import View

_DRAFT = "You gave {b1} {b1.value}, and {item} works the same noir and sci-fi seam."
_OPEN = Review("0199c0e1-7c05-7f3b-a1d2-91c3b7a4e6d0", EXPLANATION, "reported", "open", LATER, None, "", None, None)
_NOTE = "True, but the film is no noir."
_DECIDED = msgspec.structs.replace(
    _OPEN, state="decided", verdict="wrong", note=_NOTE, decided_by="sam", decided_at=LATER
)
_SLOTS = {"b1": MET_TITLE, "b1.value": "5 stars", "item": TITLE}
_REASON = "The rating was somebody else's."
_VIEW = View(
    "0199c0e2-40aa-7c11-b3f0-5d8e2a9c7f14",
    "sam",
    "support",
    "explanation",
    EXPLANATION,
    TICKET,
    PURPOSE,
    unmasked=True,
    at=LATER,
)
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    ReviewPage: (ReviewPage([_OPEN], NEXT),),
    ReviewCase: (ReviewCase(_OPEN, SHOWN, [Text(2, SHOWN.current, _DRAFT, _SLOTS, "model", [])], [FEEDBACK]),),
    Review: (_DECIDED,),
    VerdictRequest: (VerdictRequest(Judgement.WRONG, _NOTE), VerdictRequest(Judgement.GOOD)),
    SuppressRequest: (SuppressRequest(_REASON),),
    Suppression: (Suppression(EXPLANATION, _REASON, "sam", LATER, []),),
    ViewPage: (ViewPage([_VIEW], None),),
}
