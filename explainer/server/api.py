"""The JSON API under /v1, and health."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT, HTTP_503_SERVICE_UNAVAILABLE

from explainer.access import Scope
from explainer.audit.checkpointer import Checkpointer
from explainer.errors import ExplainerError
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.auth import PUBLIC, needs
from explainer.server.documented import problems
from explainer.server.draining import Draining
from explainer.server.looking import looked, require_purpose, require_purpose_without
from explainer.server.queries import ANY_QUERY
from explainer.server.schemas import (
    MAX_K,
    Health,
    PreviewedItem,
    PreviewedList,
    PreviewRequest,
    Recommendations,
    RecommendedItem,
    UserInPath,
)
from explainer.server.threads import Waits
from explainer.service.presence import Presence
from explainer.service.preview import preview
from explainer.service.shown_users import ShownTags, ShownWhyNot, tags_shown_to, unnamed_to, why_not_shown_to
from explainer.service.signing import TOLD
from explainer.service.succession import Succession
from explainer.service.views import Looker
from explainer.service.why_not import why_not
from explainer.storage.months import month_note
from explainer.writing.style import known_style

_NOT_READY = {
    HTTP_503_SERVICE_UNAVAILABLE: ResponseSpec(
        Health,
        generate_examples=False,
        description="It cannot work, and why",
        examples=[Example(value=Health("not ready", ["The database cannot be reached."]))],
    )
}


class ListsController(Controller):
    """A user's list, as it is and as it would be."""

    path = "/v1"
    tags = ["recommendations"]  # noqa: RUF012

    @post(
        "/users/{user:str}/preview",
        opt=needs(Scope.EXPLAIN, waits=Waits.ALWAYS),
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        summary="A list without behaviours",
        responses=problems(406),
    )
    def preview(
        self,
        user: UserInPath,
        data: JSONBody[PreviewRequest],
        explainer: NamedDependency[Explainer],
        admission: NamedDependency[Admission],
        looker: NamedDependency[Looker],
    ) -> PreviewedList:
        """Return the user's list, with its sentences, as it would be without some behaviours; store nothing.

        What the user has excluded already is left out of both lists; what is named twice is left out once. Support
        needs ticket and purpose (403 without) to leave out what tells of a private life, or all that does not.
        """
        with explainer.database.session() as session:
            private = require_purpose(session, looker, user, data.exclude)
        private |= require_purpose_without(explainer, looker, user, data.exclude)
        with admission.place():
            found = preview(explainer, user, data.exclude, data.k, known_style(data.locale))
        looked(explainer, looker, user, "preview", sensitive=private)
        ranks = {r.item.id: r.rank for r in found.before}
        items = [
            PreviewedItem(r.item.id, r.item.title, r.rank, ranks.get(r.item.id), text.text)
            for r, text in zip(found.after, found.texts, strict=True)
        ]
        gone, new = ([r.item.id for r in of] for of in (found.gone, found.come))
        return PreviewedList(user, [b.id for b in found.excluded], items, gone, new)

    @get(
        "/users/{user:str}/recommendations",
        opt=needs(Scope.USERS),
        sync_to_thread=True,
        summary="A user's best unmet items",
    )
    def recommendations(
        self,
        user: UserInPath,
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        k: Annotated[int, QueryParameter(ge=1, le=MAX_K)] = 10,
    ) -> Recommendations:
        """Return the list without explaining it."""
        looked(explainer, looker, user, "recommendations")
        asking = explainer.asking(user, k)
        found = [
            RecommendedItem(
                r.item.id, r.item.title, r.item.year, r.item.aspects, r.item.phrases, r.rank, r.score, r.cold
            )
            for r in explainer.best(asking, k)
        ]
        return Recommendations(user, not asking.history.items(), not asking.switched_off, found)


class WhyNotController(Controller):
    """Why something was not recommended."""

    path = "/v1/why-not"
    tags = ["recommendations"]  # noqa: RUF012

    @get(
        "/",
        opt=needs(Scope.USERS),
        sync_to_thread=True,
        summary="Why an item is not in a user's list",
        responses=problems(404),
    )
    def read(
        self,
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        user: Annotated[str, QueryParameter(min_length=1, max_length=200)],
        item: Annotated[str, QueryParameter(min_length=1, max_length=200)],
        k: Annotated[int, QueryParameter(ge=1, le=MAX_K)] = 10,
    ) -> ShownWhyNot:
        """Return where the item stands with the user, what it lacks, and which behaviours speak for and against it.

        Support needs ticket and purpose (403 without) for an item that tells of the private life of who has met it.
        """
        with explainer.database.session() as session:
            require_purpose(session, looker, user, [item])
        found = why_not(explainer, user, item, k, unnamed_to(looker))
        with explainer.database.session() as session:
            return why_not_shown_to(session, looker, found)


class TagsController(Controller):
    """What a user comes back to. A tag in a path may hold slashes, as some catalogues' aspects do."""

    path = "/v1/users/{user:str}/tags"
    tags = ["tags"]  # noqa: RUF012

    @get("/", opt=needs(Scope.USERS), sync_to_thread=True, summary="A user's tags, and the deleted ones")
    def list(
        self, user: UserInPath, explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> ShownTags:
        """Return the aspects a user comes back to, each with the behaviours behind it."""
        with explainer.database.session() as session:
            return tags_shown_to(session, looker, explainer.tags, user)

    @delete("/{tag:path}", opt=needs(Scope.CHOICES), sync_to_thread=True, summary="Delete a tag")
    def remove(self, user: UserInPath, tag: FromPath[str], explainer: NamedDependency[Explainer]) -> None:
        """Never use the tag for this user again, neither as a tag nor as a reason."""
        explainer.tags.delete(user, tag)

    @put(
        "/{tag:path}",
        opt=needs(Scope.CHOICES),
        sync_to_thread=True,
        status_code=HTTP_204_NO_CONTENT,
        summary="Restore a deleted tag",
    )
    def restore(self, user: UserInPath, tag: FromPath[str], explainer: NamedDependency[Explainer]) -> None:
        """Use a deleted tag again wherever it fits."""
        explainer.tags.restore(user, tag)


class HealthController(Controller):
    """For the machine that watches the service; needs no key and says nothing about anyone."""

    path = "/health"
    opt = PUBLIC | ANY_QUERY  # no instance is taken out of service for what a balancer adds against caches
    tags = ["operation"]  # noqa: RUF012

    @get("/live", sync_to_thread=False, summary="Is the process alive?")
    def live(self) -> Health:
        """Return 200 as long as the process answers."""
        return Health("live")

    @get("/ready", sync_to_thread=True, summary="Can it work?", responses=_NOT_READY)
    def ready(
        self,
        explainer: NamedDependency[Explainer],
        draining: NamedDependency[Draining],
        request: Request[object, object, State],
    ) -> Response[Health]:
        """Return 200 when it can answer, "degraded" if something is amiss, else 503; each with the reasons."""
        if draining.begun:
            return Response(Health("not ready", ["It is about to stop."]), status_code=HTTP_503_SERVICE_UNAVAILABLE)
        try:
            explainer.check()
            with explainer.database.look() as connection:
                month = month_note(connection)
        except ExplainerError as error:
            # What a driver says names hosts and roles, and health is for everybody to read.
            reason = str(error) if error.__cause__ is None else "The database cannot be reached."
            return Response(Health("not ready", [reason]), status_code=HTTP_503_SERVICE_UNAVAILABLE)
        notes = [*explainer.notes, *([month] if month else [])]
        trouble = getattr(explainer.writer.engine, "trouble", None)
        if trouble:
            notes.append(f"Texts come from templates: {trouble}.")
        if explainer.firewall.trouble:
            notes.append(
                "Some items were judged by terms alone, for the sentence encoder could not be used: what is private "
                "and has no such term may be named. The log says why; start again once that is mended."
            )
        succession: Succession = request.app.state.succession
        if succession.trouble and not succession.on_templates:
            notes.append(
                "The adapter in production could not be loaded; texts are of the one before. The log says why."
            )
        signing: Checkpointer | None = request.app.state.checkpointer
        if signing is not None and signing.trouble:
            notes.append("The audit log is not signed at present; the service's log says why.")
        presence: Presence = request.app.state.presence
        if presence.differ:
            notes.append("Processes of this service work with different models; the admin page says which.")
        notes += [TOLD[kind] for kind in presence.apart]
        return Response(Health("degraded" if notes else "ready", notes), status_code=HTTP_200_OK)
