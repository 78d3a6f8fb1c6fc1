"""How the recommender decides, for everybody to read."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import needs
from explainer.server.documented import problems
from explainer.service.importance import Importance
from explainer.service.parameters import Parameters, parameters
from explainer.writing.style import LOCALES


class ParametersController(Controller):
    """The main parameters of the recommender (Art. 27 DSA)."""

    path = "/v1/parameters"
    tags = ["parameters"]  # noqa: RUF012

    @get(
        "/",
        opt=needs(Scope.DOCS),
        sync_to_thread=True,
        summary="How the recommender decides, in plain words",
        responses=problems(406),
    )
    def read(
        self,
        explainer: NamedDependency[Explainer],
        importance: NamedDependency[Importance],
        locale: Annotated[str, QueryParameter(schema_extra={"enum": list(LOCALES)})] = "en",
    ) -> Parameters:
        """Return what counts and how much, what is never used, how people can change it, and how it was before."""
        return parameters(explainer, importance, locale)
