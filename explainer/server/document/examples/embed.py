"""An explanation on a shop's page."""

from __future__ import annotations

from explainer.server.document.examples.explanations import SHOWN
from explainer.server.document.examples.names import LATER, MET_TITLE
from explainer.server.embed import EmbeddedVerdict, EmbedTokenAnswer, EmbedTokenRequest
from explainer.service.embed import EmbeddedBehaviour, EmbeddedExplanation
from explainer.service.feedback import FeedbackKind

_TOKEN = "eyJleHBsYW5hdGlvbiI6IjAxOTljMGRlIn0.32l7IXGINbbxwNLBpx08HvLlB5lDKJphrzfjmv_5T8Q"  # noqa: S105  opens nothing
EXAMPLES = {
    EmbedTokenRequest: (EmbedTokenRequest(30),),
    EmbedTokenAnswer: (EmbedTokenAnswer(_TOKEN, LATER),),
    EmbeddedVerdict: (EmbeddedVerdict(FeedbackKind.HELPFUL),),
    EmbeddedExplanation: (
        EmbeddedExplanation(
            SHOWN.current,
            "en",
            "model",
            "AI-written",
            [EmbeddedBehaviour(MET_TITLE, "You gave it 5 stars", "January 2026")],
        ),
    ),
}
