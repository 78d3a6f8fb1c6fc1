"""The reviewers' pages: the queue, and one text with the facts behind it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of, needs, to_login
from explainer.server.causes import uncited
from explainer.server.language import locale_of
from explainer.server.notes import note
from explainer.server.rendering import page
from explainer.server.reviews import NO_NUL
from explainer.server.schemas import CursorParameter
from explainer.server.words import words_in
from explainer.service.reviews import MAX_NOTE, Judgement, case_of, decide, reviews_of
from explainer.service.views import Looker
from explainer.storage.reviews import State, list_reviews
from explainer.writing.style import Style

_PAGE = 20


class VerdictForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a text was found to be."""

    verdict: Judgement
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE, pattern=NO_NUL)] = ""
    csrf: str = ""


class ReviewPagesController(Controller):
    """For reviewers."""

    path = "/review"
    opt = needs(Scope.REVIEW, page=True)
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", sync_to_thread=True)
    def queue(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        queue: Annotated[State, QueryParameter()] = State.OPEN,
        cursor: CursorParameter = None,
    ) -> Template:
        """Return what waits, or what was judged."""
        with explainer.database.session() as session:
            rows, following = list_reviews(session, queue, None, _PAGE, cursor)
            found = reviews_of(session, rows)
        return page(request, "review/queue.html", found=found, queue=queue, following=following)

    @get("/{review_id:str}", sync_to_thread=True)
    def case(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        review_id: FromPath[str],
    ) -> Template:
        """Return one text to judge."""
        with explainer.database.session() as session:
            case = case_of(session, looker, review_id, explainer.firewall.words)
        words, shown, slots = words_in(locale_of(request)), case.explanation, case.texts[-1].slots
        speech = explainer.writer.prompts.for_user(shown.user, Style(words.locale))
        did = speech.words(explainer.domain, locale=words.locale)
        facts = [(cited, note(cited, slots.get(f"{cited.slot}.value"), did, words)) for cited in shown.evidence]
        said = uncited(shown.contributions, words)
        return page(request, "review/case.html", case=case, facts=facts, uncited=said, judgements=list(Judgement))

    @post("/{review_id:str}/verdict", sync_to_thread=True)
    def judge(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        review_id: FromPath[str],
        data: URLEncodedBody[VerdictForm],
    ) -> Redirect:
        """Store the verdict and go back to the queue."""
        decide(explainer.database, review_id, data.verdict, data.note, caller_of(request).name)
        return Redirect("/review", status_code=HTTP_303_SEE_OTHER)
