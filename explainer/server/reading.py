"""All that reading one explanation needs, as one dependency.

Litestar gives each of several dependencies a task of its own, which takes longer than making all of them; nothing is
asked for as often as this.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from litestar import Request

from explainer.pipeline import Explainer
from explainer.server.encoded import EncodedAnswers
from explainer.server.looking import PurposeHeader, TicketHeader, looker_of
from explainer.server.together import Together
from explainer.service.live import Live
from explainer.service.views import Looker
from explainer.storage.standing import versions_of


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads, and from where.

    Attributes:
        explainer: The pipeline.
        looker: Who looks.
        encoded: Answers that may still hold,
        versions: as these tell.
    """

    explainer: Explainer
    looker: Looker
    encoded: EncodedAnswers
    versions: Together[Hashable]


def reading_from(live: Live) -> Callable[..., Reading]:
    """Return the dependency ``reading``."""
    encoded, versions = EncodedAnswers(), Together(live.explainer.database, versions_of)

    def reading_of(
        request: Request[Any, Any, Any], x_ticket: TicketHeader = None, x_purpose: PurposeHeader = None
    ) -> Reading:
        return Reading(live.explainer, looker_of(request, x_ticket, x_purpose), encoded, versions)

    return reading_of
