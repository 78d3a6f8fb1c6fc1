"""Replay under /v1: is what was shown what comes out?"""

from __future__ import annotations

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import needs
from explainer.service.replay import Replay, replay


class ReplayController(Controller):
    """Computes stored explanations again."""

    path = "/v1/explanations/{explanation_id:str}/replay"
    security = [{"ApiKey": []}]  # noqa: RUF012
    tags = ["explanations"]  # noqa: RUF012

    @get("/", opt=needs(Scope.READ), sync_to_thread=True, summary="Compute an explanation again")
    def replay(self, explanation_id: FromPath[str], explainer: NamedDependency[Explainer]) -> Replay:
        """Compute it again from its record and compare: exact, equivalent, or different and in what.

        No model is asked and nothing is stored: the stored draft goes through the gate again.
        """
        return replay(explainer, explanation_id)
