"""An explanation on a shop's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explainer.server.document.examples.explanations import SHOWN
from explainer.server.document.examples.names import LATER, MET_TITLE
from explainer.server.embed import EmbeddedVerdict, EmbedTokenAnswer, EmbedTokenRequest
from explainer.service.embed import EmbeddedBehaviour, EmbeddedExplanation

_TOKEN = "eyJleHBsYW5hdGlvbiI6IjAxOTljMGRlIn0.32l7IXGINbbxwNLBpx08HvLlB5lDKJphrzfjmv_5T8Q"  # noqa: S105  opens nothing
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    EmbedTokenRequest: (EmbedTokenRequest(30),),
    EmbedTokenAnswer: (EmbedTokenAnswer(_TOKEN, LATER),),
    EmbeddedVerdict: (EmbeddedVerdict("helpful"),),
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
