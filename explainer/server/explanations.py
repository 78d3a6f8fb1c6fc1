"""Explanations under /v1: made, found, read, judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, cast

import msgspec
from litestar import Controller, MediaType, Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from litestar.response import ServerSentEvent
from sqlalchemy.orm import Session

from explainer.access import Scope
from explainer.errors import ConflictError, NotFoundError
from explainer.manner import Manner
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.auth import caller_of, needs
from explainer.server.awaited import Awaited
from explainer.server.documented import problems
from explainer.server.draining import Draining
from explainer.server.events import text_events
from explainer.server.looking import looked, require_purpose
from explainer.server.prefer import Wait, preferred_wait
from explainer.server.reading import Reading
from explainer.server.reviews import NO_NUL
from explainer.server.schemas import CursorParameter, ExplanationPage, ExplanationRequest, Explanations
from explainer.server.searching import searching
from explainer.server.threads import Waits
from explainer.service.counterfactuals import find
from explainer.service.feedback import MAX_COMMENT, Feedback, FeedbackKind, give_feedback
from explainer.service.live import Live
from explainer.service.promises import Promises, Seal
from explainer.service.shown import (
    ShownCounterfactual,
    ShownExplanation,
    all_shown_to,
    counterfactual_shown_to,
    shown_to,
)
from explainer.service.views import Looker
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.later import get_with_later
from explainer.storage.listing import Search, list_explanations
from explainer.writing.style import Style, known_style
from retriever.errors import UnknownItemError

_PAGE, _LONGEST_PAGE = 20, 100


class FeedbackRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say what a text was to you; the comment is kept as it is and can be erased."""

    kind: FeedbackKind
    comment: Annotated[str, msgspec.Meta(max_length=MAX_COMMENT, pattern=NO_NUL)] = ""


class ExplanationsController(Controller):
    """Why something was recommended."""

    path = "/v1/explanations"
    tags = ["explanations"]  # noqa: RUF012
    dependencies = {"search": Provide(searching, sync_to_thread=False)}  # noqa: RUF012

    @post(
        "/",
        opt=needs(Scope.EXPLAIN, waits=Waits.IF_PREFERRED),
        sync_to_thread=True,
        summary="Explain items to a user",
        responses=problems(404, 406),
    )
    def create(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ExplanationRequest],
        live: NamedDependency[Live],
        admission: NamedDependency[Admission],
        looker: NamedDependency[Looker],
        promises: NamedDependency[Promises],
        idempotency_key: Annotated[
            str | None, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=200)
        ] = None,
        prefer: Annotated[str | None, HeaderParameter(name="Prefer", max_length=200)] = None,
    ) -> Response[Explanations]:
        """Write, check and store explanations; they are committed before the answer starts.

        It comes at once, with what the model has written before or else a template's text; ``Prefer: wait=N`` waits for
        the model up to N seconds. What it has not written yet is ``pending``: a better text comes as a revision.
        The same request under the same Idempotency-Key is answered once, with what was made then. An item that is named
        twice is explained once, and answered once, where it was named first. Support needs ticket and purpose (403
        without) to name an item that tells of the private life of who has met it.
        """
        private = _tells_who_met_it(live.explainer, looker, data)
        wait = Wait(admission, preferred_wait(prefer))
        make = partial(_made, live, data, known_style(data.locale, data.audience), wait)
        rows: list[ExplanationRow] = []
        ids: list[str] | None = None
        with _refusal_on_record(live.explainer, looker, data.user, sensitive=private):
            if idempotency_key is None:
                rows = make()
            else:
                body, caller = msgspec.json.encode(data, order="deterministic"), caller_of(request).name
                ids = promises.kept(caller, idempotency_key, data.user, body, lambda seal: rows.extend(make(seal)))
        with live.explainer.database.session() as session:
            if ids is not None:
                rows = [get_explanation(session, one) for one in ids]
            answer = Explanations(all_shown_to(session, looker, rows, live.explainer.firewall.words, sensitive=private))
        return Response(answer, headers=wait.headers)

    @get(
        "/",
        opt=needs(Scope.READ),
        sync_to_thread=True,
        summary="Explanations, newest first",
        responses=problems(406),
    )
    def find(
        self,
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        search: NamedDependency[Search],
        limit: Annotated[int, QueryParameter(ge=1, le=_LONGEST_PAGE)] = _PAGE,
        cursor: CursorParameter = None,
    ) -> ExplanationPage:
        """Return a page; ``next`` is the cursor of the one after it, null after the last."""
        with explainer.database.session() as session:
            rows, following = list_explanations(session, search, limit, cursor)
            return ExplanationPage(all_shown_to(session, looker, rows, explainer.firewall.words), following)

    @get("/{explanation_id:str}", opt=needs(Scope.READ), summary="One explanation as it was shown")
    async def read(
        self, explanation_id: FromPath[str], reading: NamedDependency[Reading]
    ) -> Response[ShownExplanation]:
        """Return the stored text with evidence, contributions and versions, and the texts that came after it."""
        read = partial(_read, reading.explainer, explanation_id, reading.looker)
        if not reading.looker.is_app:  # masked for whoever looks, and every look is recorded
            return Response(await sync_to_thread(read))
        version = await reading.versions.ask(explanation_id)
        if version is None:
            raise NotFoundError(f"There is no explanation {explanation_id!r}.")
        body = reading.encoded.known(explanation_id, version)
        if body is None:
            body = await sync_to_thread(reading.encoded.made, explanation_id, version, read)
        return Response(cast("ShownExplanation", body), media_type=MediaType.JSON)

    @get(
        "/{explanation_id:str}/events",
        opt=needs(Scope.READ),
        sync_to_thread=True,
        summary="Better texts as they come",
        media_type="text/event-stream",
        response_description="Server-sent events: `text` for each text, then `end`",
    )
    def events(
        self,
        explanation_id: FromPath[str],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        awaited: NamedDependency[Awaited],
        draining: NamedDependency[Draining],
        last_event_id: Annotated[int, HeaderParameter(name="Last-Event-ID", ge=0)] = 0,
    ) -> ServerSentEvent:
        """Stream the text as it is, each better one when it comes, and ``end`` once none is awaited any more."""
        _read(explainer, explanation_id, looker)  # a wrong id must be told before the stream begins
        read = partial(_read, explainer, explanation_id, looker, recorded=False)
        return ServerSentEvent(text_events(read, last_event_id, awaited, draining))

    @get(
        "/{explanation_id:str}/counterfactual",
        opt=needs(Scope.READ),
        sync_to_thread=True,
        summary="What would have kept the item out",
        responses=problems(409),
    )
    def counterfactual(
        self, explanation_id: FromPath[str], explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> ShownCounterfactual:
        """Return the smallest set of behaviours without which the item would not have been listed.

        It is looked for after the explanation was answered, or now. 404 where the item was not in a list; 409 where it
        was not found while what ranked the item served.
        """
        with explainer.database.session() as session:
            row = get_explanation(session, explanation_id)
        find(explainer, row)
        with explainer.database.session() as session:
            found = counterfactual_shown_to(session, looker, row, explainer.firewall.words)
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


def _read(explainer: Explainer, explanation_id: str, looker: Looker, *, recorded: bool = True) -> ShownExplanation:
    with explainer.database.session() as session:
        row, later = get_with_later(session, explanation_id)
        return shown_to(session, looker, row, later, explainer.firewall.words, recorded=recorded)


def _tells_who_met_it(explainer: Explainer, looker: Looker, data: ExplanationRequest) -> bool:
    """Return whether an answer may tell that the user met something private: what they have met is not explained.

    Raises:
        PermissionDeniedException: If it may, and support gives no ticket and purpose.
    """
    if looker.is_app or not data.named:
        return False
    with explainer.database.session() as session:
        return require_purpose(session, looker, data.user, data.named)


@contextmanager
def _refusal_on_record(explainer: Explainer, looker: Looker, user: str, *, sensitive: bool) -> Iterator[None]:
    """Record the look that a refusal is which says what a user has met."""
    try:
        yield
    except ConflictError:
        looked(explainer, looker, user, "explanations", sensitive=sensitive)
        raise


def _made(
    live: Live, data: ExplanationRequest, style: Style, wait: Wait, seal: Seal | None = None
) -> list[ExplanationRow]:
    """Make what is asked for; it is stored when this returns."""
    try:
        return _made_by(live.explainer, data, style, wait, seal)
    except UnknownItemError:  # another process may have taken it a moment ago
        live.follow()
        return _made_by(live.explainer, data, style, wait, seal)


def _made_by(
    explainer: Explainer, data: ExplanationRequest, style: Style, wait: Wait, seal: Seal | None
) -> list[ExplanationRow]:

    def along(session: Session, rows: Sequence[ExplanationRow]) -> None:
        if seal is not None:
            seal(session, [row.id for row in rows])

    with wait.for_the_model() as ask:
        manner = Manner(ask=ask, surface=data.surface, along=along)
        if data.k is not None:
            return explainer.explain_top(data.user, data.k, style, manner)
        return explainer.explain_items(data.user, data.named, style, manner)
