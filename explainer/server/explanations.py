"""Explanations under /v1: made, found, read, judged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from explainer.access import Scope
from explainer.errors import NotFoundError
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.auth import caller_of, needs
from explainer.server.schemas import ExplanationPage, ExplanationRequest, Explanations
from explainer.server.searching import AudienceParameter, ComplainedParameter, LocaleParameter, VersionParameter
from explainer.service.feedback import MAX_COMMENT, Feedback, FeedbackKind, give_feedback
from explainer.service.promises import kept
from explainer.storage.explanations import get_explanation
from explainer.storage.listing import Search, list_explanations
from explainer.view import CounterfactualView, ExplanationView, explanation_view
from explainer.writing.style import Style, known_style

_PAGE, _LONGEST_PAGE = 20, 100
_Id = Annotated[str | None, QueryParameter(min_length=1, max_length=200)]


class FeedbackRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say what a text was to you; the comment is kept as it is and can be erased."""

    kind: FeedbackKind
    comment: Annotated[str, msgspec.Meta(max_length=MAX_COMMENT)] = ""


class ExplanationsController(Controller):
    """Why something was recommended."""

    path = "/v1/explanations"
    security = [{"ApiKey": []}]  # noqa: RUF012
    tags = ["explanations"]  # noqa: RUF012

    @post("/", opt=needs(Scope.EXPLAIN), sync_to_thread=True, summary="Explain items to a user")
    def create(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ExplanationRequest],
        explainer: NamedDependency[Explainer],
        admission: NamedDependency[Admission],
        idempotency_key: Annotated[
            str | None, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=200)
        ] = None,
    ) -> Explanations:
        """Write, check and store explanations; they are committed before the answer starts.

        The same request under the same Idempotency-Key is answered once, with what was made then.
        """
        style = known_style(data.locale)
        if idempotency_key is None:
            return Explanations(_made(explainer, admission, data, style))
        body = msgspec.json.encode(data, order="deterministic")
        made: dict[str, ExplanationView] = {}

        def make() -> list[str]:
            made.update((view.id, view) for view in _made(explainer, admission, data, style))
            return list(made)

        ids = kept(explainer.database, caller_of(request).name, idempotency_key, body, make)
        if made:
            return Explanations(list(made.values()))
        with explainer.database.session() as session:
            return Explanations([explanation_view(get_explanation(session, one)) for one in ids])

    @get("/", opt=needs(Scope.READ), sync_to_thread=True, summary="Explanations, newest first")
    def find(
        self,
        explainer: NamedDependency[Explainer],
        user: _Id = None,
        item: _Id = None,
        source: Annotated[str | None, QueryParameter(pattern="^(model|template)$")] = None,
        since: Annotated[datetime | None, QueryParameter()] = None,
        until: Annotated[datetime | None, QueryParameter()] = None,
        locale: LocaleParameter = None,
        audience: AudienceParameter = None,
        recommender: VersionParameter = None,
        writer: VersionParameter = None,
        prompt: VersionParameter = None,
        complained: ComplainedParameter = None,
        limit: Annotated[int, QueryParameter(ge=1, le=_LONGEST_PAGE)] = _PAGE,
        cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
    ) -> ExplanationPage:
        """Return a page; ``next`` is the cursor of the one after it, null after the last."""
        search = Search(user, item, source, since, until, locale, audience, recommender, writer, prompt, complained)
        with explainer.database.session() as session:
            rows, following = list_explanations(session, search, limit, cursor)
            return ExplanationPage([explanation_view(row) for row in rows], following)

    @get("/{explanation_id:str}", opt=needs(Scope.READ), sync_to_thread=True, summary="One explanation as it was shown")
    def read(self, explanation_id: FromPath[str], explainer: NamedDependency[Explainer]) -> ExplanationView:
        """Return the stored text with evidence, contributions and versions."""
        with explainer.database.session() as session:
            return explanation_view(get_explanation(session, explanation_id))

    @get(
        "/{explanation_id:str}/counterfactual",
        opt=needs(Scope.READ),
        sync_to_thread=True,
        summary="What would have kept the item out",
    )
    def counterfactual(
        self, explanation_id: FromPath[str], explainer: NamedDependency[Explainer]
    ) -> CounterfactualView:
        """Return the smallest set of behaviours without which the item would not have been listed.

        404 where the item was not in a list.
        """
        with explainer.database.session() as session:
            found = explanation_view(get_explanation(session, explanation_id)).counterfactual
        if found is None:
            raise NotFoundError(f"Explanation {explanation_id!r} is of an item outside its list: nothing kept it in.")
        return found

    @post("/{explanation_id:str}/feedback", opt=needs(Scope.FEEDBACK), sync_to_thread=True, summary="Judge a text")
    def judge(
        self,
        request: Request[Any, Any, Any],
        explanation_id: FromPath[str],
        data: JSONBody[FeedbackRequest],
        explainer: NamedDependency[Explainer],
    ) -> Feedback:
        """Store that a text helped, is wrong or offends."""
        return give_feedback(explainer.database, explanation_id, data.kind, data.comment, caller_of(request).name)


def _made(explainer: Explainer, admission: Admission, data: ExplanationRequest, style: Style) -> list[ExplanationView]:
    with admission.place():
        if data.k is not None:
            rows = explainer.explain_top(data.user, data.k, style)
        else:
            rows = explainer.explain_items(data.user, data.items or [str(data.item)], style)
    return [explanation_view(row) for row in rows]
