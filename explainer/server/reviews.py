"""Under /v1 for those who watch over texts: the reviewers' queue, suppressed texts, who looked at whose record."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of, needs
from explainer.server.schemas import CursorParameter, UserInPath
from explainer.service.reviews import MAX_NOTE, Judgement, Review, ReviewCase, case_of, decide, reviews_of
from explainer.service.suppress import MAX_REASON, Suppression, suppress
from explainer.service.views import Looker, View, list_views, note_look
from explainer.storage.reviews import Cause, State, list_reviews

_PAGE, _LONGEST_PAGE = 20, 100
NO_NUL = r"^[^\x00]*$"
"""What people write may hold anything but NUL, which PostgreSQL cannot store."""
_Limit = Annotated[int, QueryParameter(ge=1, le=_LONGEST_PAGE)]


class VerdictRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Judge a text. A wrong or offensive one is used for nobody else."""

    verdict: Judgement
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE, pattern=NO_NUL)] = ""


class SuppressRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say why a text is not to be shown any more."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REASON, pattern=NO_NUL)]


class ReviewPage(msgspec.Struct, frozen=True):
    """Some reviews, newest first; ``next`` is the cursor of the following page, None after the last."""

    reviews: list[Review]
    next: str | None


class ViewPage(msgspec.Struct, frozen=True):
    """Some looks at a customer's record, newest first; ``next`` as everywhere."""

    views: list[View]
    next: str | None


class ReviewsController(Controller):
    """Texts that were reported or sampled."""

    path = "/v1/reviews"
    tags = ["reviews"]  # noqa: RUF012

    @get("/", opt=needs(Scope.REVIEW), sync_to_thread=True, summary="The reviewers' queue, newest first")
    def find(
        self,
        explainer: NamedDependency[Explainer],
        review_state: Annotated[State | None, QueryParameter(name="state")] = None,
        cause: Annotated[Cause | None, QueryParameter()] = None,
        limit: _Limit = _PAGE,
        cursor: CursorParameter = None,
    ) -> ReviewPage:
        """Return a page; it says nothing of whose the texts are."""
        with explainer.database.session() as session:
            rows, following = list_reviews(session, review_state, cause, limit, cursor)
            return ReviewPage(reviews_of(session, rows), following)

    @get("/{review_id:str}", opt=needs(Scope.REVIEW), sync_to_thread=True, summary="One text to judge")
    def read(
        self, review_id: FromPath[str], explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> ReviewCase:
        """Return the explanation as shown, its drafts, what the gate held against them, and what people said."""
        with explainer.database.session() as session:
            return case_of(session, looker, review_id, explainer.firewall.words)

    @post(
        "/{review_id:str}/verdict",
        opt=needs(Scope.REVIEW),
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        summary="Judge a text",
    )
    def judge(
        self,
        request: Request[Any, Any, Any],
        review_id: FromPath[str],
        data: JSONBody[VerdictRequest],
        explainer: NamedDependency[Explainer],
    ) -> Review:
        """Store the verdict, once: a second one is refused (409)."""
        return decide(explainer.database, review_id, data.verdict, data.note, caller_of(request).name)


class SuppressController(Controller):
    """Texts that are not shown any more."""

    path = "/v1/explanations/{explanation_id:str}/suppress"
    tags = ["explanations"]  # noqa: RUF012

    @post("/", opt=needs(Scope.SUPPRESS), sync_to_thread=True, status_code=HTTP_200_OK, summary="Take a text back")
    def suppress(
        self,
        request: Request[Any, Any, Any],
        explanation_id: FromPath[str],
        data: JSONBody[SuppressRequest],
        explainer: NamedDependency[Explainer],
    ) -> Suppression:
        """Show the text to no customer any more, and what the model wrote to nobody else.

        A second time changes nothing.
        """
        return suppress(explainer.database, explanation_id, data.reason, caller_of(request).name)


class ViewsController(Controller):
    """Who looked at a customer's record."""

    path = "/v1/users/{user:str}/views"
    tags = ["audit"]  # noqa: RUF012

    @get("/", opt=needs(Scope.AUDIT), sync_to_thread=True, summary="Who looked at a customer's record")
    def find(
        self,
        user: UserInPath,
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        limit: _Limit = _PAGE,
        cursor: CursorParameter = None,
    ) -> ViewPage:
        """Return a page, newest first; this look is on record from then on, too."""
        with explainer.database.session() as session:
            found, following = list_views(session, user, limit, cursor)
            note_look(session, looker, user, "views")
            return ViewPage(list(found), following)


REVIEWING = (ReviewsController, SuppressController, ViewsController)
"""For the app's list of handlers."""
