"""How the recommender decides, for everybody to read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.status_codes import HTTP_200_OK

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import needs
from explainer.server.documented import answers, problems
from explainer.service.importance import Importance
from explainer.service.parameters import (
    Choice,
    Learnt,
    Parameters,
    PartDescription,
    RecommenderDescription,
    RecommenderVersion,
    Setting,
    Signal,
    parameters,
)
from explainer.writing.style import LOCALES
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
_EXAMPLE = Parameters(
    "en",
    "9c1f…",
    _RECOMMENDER,
    "How much of the differences between items' scores comes from this part.",
    Learnt(1682, 943, 0, ["It has learnt from 943 people and 1,682 items."]),
    [Signal(BehaviourKind.PURCHASE, 1.0, "Buying an item counts 1.")],
    "A rating of 3.8 or more counts for its item.",
    ["Money: what an item earns, or what anybody would pay for a place in the list."],
    [Choice("PUT /v1/users/{user}/settings", "Switch personalisation off.")],
    [RecommenderVersion("9c1f…", datetime(2026, 1, 31, 12, tzinfo=UTC), in_use=True, recommender=None, words="")],
)


class ParametersController(Controller):
    """The main parameters of the recommender (Art. 27 DSA)."""

    path = "/v1/parameters"
    security = [{"ApiKey": []}]  # noqa: RUF012
    tags = ["parameters"]  # noqa: RUF012

    @get(
        "/",
        opt=needs(Scope.DOCS),
        sync_to_thread=True,
        summary="How the recommender decides, in plain words",
        responses=answers(HTTP_200_OK, Parameters, "The main parameters", _EXAMPLE) | problems(400),
    )
    def read(
        self,
        explainer: NamedDependency[Explainer],
        importance: NamedDependency[Importance],
        locale: Annotated[str, QueryParameter(schema_extra={"enum": list(LOCALES)})] = "en",
    ) -> Parameters:
        """Return what counts and how much, what is never used, how people can change it, and how it was before."""
        return parameters(explainer, importance, locale)
