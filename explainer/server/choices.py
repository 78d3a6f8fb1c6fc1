"""What customers decide: behaviours that are not to be used, and whether recommendations are personal at all."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from litestar.status_codes import HTTP_200_OK

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import needs
from explainer.server.looking import looked
from explainer.server.schemas import MOST_BEHAVIOURS, Identifier, UserInPath
from explainer.service.exclusions import exclude_behaviours, exclusions_of, include_behaviour
from explainer.service.shown_users import ShownExclusions, exclusions_shown_to
from explainer.service.user_settings import UserSettings, set_personalised, settings_of
from explainer.service.views import Looker


class ExclusionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Use these behaviours no more.

    Attributes:
        behaviours: Ids of behaviours, or of items: then all that the user did with them so far; to name one
            again adds nothing.
    """

    behaviours: Annotated[list[Identifier], msgspec.Meta(min_length=1, max_length=MOST_BEHAVIOURS)]


class SettingsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Choose whether recommendations are personal.

    Attributes:
        personalised: Whether what the user did may be used; else they get what is popular, and the texts say so.
    """

    personalised: bool


class ChoicesController(Controller):
    """What a user does not want to be used."""

    path = "/v1/users/{user:str}"
    tags = ["choices"]  # noqa: RUF012

    @get("/exclusions", opt=needs(Scope.USERS), sync_to_thread=True, summary="What a user has excluded")
    def exclusions(
        self, user: UserInPath, explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> ShownExclusions:
        """Return the behaviours that are not used for this user, oldest exclusion first."""
        found = exclusions_of(explainer.database, user)
        with explainer.database.session() as session:
            return exclusions_shown_to(session, looker, found)

    @post(
        "/exclusions",
        opt=needs(Scope.CHOICES),
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        summary="Use behaviours no more",
    )
    def exclude(
        self,
        user: UserInPath,
        data: JSONBody[ExclusionRequest],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
    ) -> ShownExclusions:
        """Exclude behaviours from every list and text of this user from now on; return all that is excluded.

        Their items were met all the same: none of them is recommended. A second time changes nothing. If one is
        unknown, 404, and none is excluded.
        """
        found = exclude_behaviours(explainer.database, user, data.behaviours)
        with explainer.database.session() as session:
            return exclusions_shown_to(session, looker, found)

    @delete(
        "/exclusions/{behaviour:path}", opt=needs(Scope.CHOICES), sync_to_thread=True, summary="Use a behaviour again"
    )
    def include(
        self,
        user: UserInPath,
        behaviour: Annotated[str, PathParameter(max_length=1000)],
        explainer: NamedDependency[Explainer],
    ) -> None:
        """Use an excluded behaviour again, or by the id of an item all that the user did with it.

        One that is not excluded stays as it is. Ids may hold slashes, percent-encoded or not.
        """
        include_behaviour(explainer.database, user, behaviour)

    @get("/settings", opt=needs(Scope.USERS), sync_to_thread=True, summary="What a user has chosen")
    def settings(
        self, user: UserInPath, explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> UserSettings:
        """Return whether recommendations are personal; they are until the user says otherwise."""
        looked(explainer, looker, user, "settings")
        return settings_of(explainer.database, user)

    @put("/settings", opt=needs(Scope.CHOICES), sync_to_thread=True, summary="Switch personalisation on or off")
    def choose(
        self, user: UserInPath, data: JSONBody[SettingsRequest], explainer: NamedDependency[Explainer]
    ) -> UserSettings:
        """Switch personal recommendations on or off; off, lists go by popularity alone and the texts say so."""
        return set_personalised(explainer.database, user, personalised=data.personalised)
