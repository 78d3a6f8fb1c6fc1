"""Replay under /v1: is what was shown what comes out?"""

from __future__ import annotations

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import needs
from explainer.service.replay import Replay, replay, without_behaviours
from explainer.service.shown import picture_shown_to, tells_privately
from explainer.service.views import Looker
from explainer.storage.explanations import get_explanation


class ReplayController(Controller):
    """Computes stored explanations again."""

    path = "/v1/explanations/{explanation_id:str}/replay"
    security = [{"ApiKey": []}]  # noqa: RUF012
    tags = ["explanations"]  # noqa: RUF012

    @get("/", opt=needs(Scope.READ), sync_to_thread=True, summary="Compute an explanation again")
    def replay(
        self, explanation_id: FromPath[str], explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> Replay:
        """Compute it again from its record and compare: exact, equivalent, or different and in what.

        No model is asked and nothing is stored: the stored draft goes through the gate again. Support needs a ticket
        and a purpose where the explanation tells of a private life; a shop's program is then told how the outcome came
        about as far as no behaviour is concerned.
        """
        with explainer.database.session() as session:
            row = get_explanation(session, explanation_id)
            if picture_shown_to(session, looker, row, explainer.firewall.words, "replay"):
                raise PermissionDeniedException("This tells of a private life: give X-Ticket and X-Purpose.")
            is_told = not (looker.is_app and tells_privately(session, row, explainer.firewall.words))
        found = replay(explainer, explanation_id)
        return found if is_told else without_behaviours(found)
