"""Explanations on a shop's page: tokens for the shop's server, and what the component in a browser asks with them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_304_NOT_MODIFIED

from explainer.access import Scope
from explainer.access.embed_secrets import embed_secrets
from explainer.access.embed_tokens import LONGEST, check_token
from explainer.errors import EmbedTokenError
from explainer.pipeline import Explainer
from explainer.server.auth import PUBLIC, needs
from explainer.server.cross_origin import CrossOrigin
from explainer.server.documented import problems
from explainer.server.requests import require_text_anyhow
from explainer.service.embed import CustomerVerdict, EmbeddedExplanation, embed_token, embedded, judge_embedded
from explainer.service.views import Looker, note_look
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.explanations import get_explanation
from explainer.writing.style import LOCALES, known_style

_SCRIPT = Path(__file__).resolve().parent / "static" / "embed.js"
_SCHEME = "embed "
_LONGEST_MINUTES = LONGEST // timedelta(minutes=1)
_AGE = "public, max-age=3600, stale-while-revalidate=86400"


class EmbedTokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a token; ``minutes`` is how long it works."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=_LONGEST_MINUTES)] = 60


class EmbedTokenAnswer(msgspec.Struct, frozen=True):
    """A token for one explanation, to be put into the page, and until when it works."""

    token: str
    expires_at: datetime


class EmbeddedVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the text was to the customer."""

    kind: CustomerVerdict


class EmbedTokensController(Controller):
    """For the shop's server, which has a key; its pages have none."""

    path = "/v1/explanations"
    tags = ["embed"]  # noqa: RUF012

    @post(
        "/{explanation_id:str}/embed-token",
        opt=needs(Scope.EXPLAIN),
        sync_to_thread=True,
        summary="A token for a shop's page",
    )
    def create(
        self,
        explanation_id: FromPath[str],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        data: JSONBody[EmbedTokenRequest | None] = None,
    ) -> EmbedTokenAnswer:
        """Return a token with which a browser may see this explanation, and nothing else, for a while.

        What it opens is what the customer sees; given to anyone but a shop's program, that is a look on record.
        """
        lifetime = timedelta(minutes=(data or EmbedTokenRequest()).minutes)
        made = embed_token(explainer.database, explanation_id, lifetime)
        if not looker.is_app:
            with explainer.database.session() as session:
                user = get_explanation(session, explanation_id).user_id
                note_look(session, looker, user, "embed token", explanation_id)
        return EmbedTokenAnswer(made.token, made.expires_at)


class EmbedController(Controller):
    """For the component in a browser. Open to the guard: each request is checked by its token."""

    path = "/embed/explanations"
    opt = PUBLIC
    guards = [require_text_anyhow]  # noqa: RUF012
    security = [{"Embed": []}]  # noqa: RUF012
    tags = ["embed"]  # noqa: RUF012

    @get(
        "/{explanation_id:str}",
        sync_to_thread=True,
        summary="What a customer may see",
        responses=problems(406),
    )
    def read(
        self,
        request: Request[Any, Any, Any],
        explanation_id: FromPath[str],
        explainer: NamedDependency[Explainer],
        lang: Annotated[str, QueryParameter(schema_extra={"enum": list(LOCALES)})] = "en",
    ) -> Response[EmbeddedExplanation]:
        """Return sentence, label and behaviours, in words of a language; needs ``Authorization: Embed TOKEN``."""
        _require_token(explainer.database, request, explanation_id)
        shown = embedded(explainer, explanation_id, known_style(lang))
        return Response(shown, headers={"Cache-Control": "no-store"})

    @post("/{explanation_id:str}/feedback", sync_to_thread=True, summary="What a customer says of it")
    def judge(
        self,
        request: Request[Any, Any, Any],
        explanation_id: FromPath[str],
        data: JSONBody[EmbeddedVerdict],
        explainer: NamedDependency[Explainer],
    ) -> EmbeddedVerdict:
        """Keep that a text helped, is wrong or offends; needs ``Authorization: Embed TOKEN``."""
        _require_token(explainer.database, request, explanation_id)
        judge_embedded(explainer.database, explanation_id, data.kind)
        return data


@get("/embed.js", opt=PUBLIC, sync_to_thread=True, include_in_schema=False)
def script(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the component, for any site's pages; a browser that has it is told whether it is still the same."""
    code = _SCRIPT.read_bytes()
    tag = f'W/"{hashlib.sha256(code).hexdigest()[:32]}"'  # weak: it may be sent compressed
    headers = {"ETag": tag, "Cache-Control": _AGE, "Cross-Origin-Resource-Policy": "cross-origin"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(code, media_type="text/javascript; charset=utf-8", headers=headers)


def embed_router(origins: Collection[str]) -> Router:
    """Return the component and what it asks.

    Args:
        origins: Origins of the shops whose pages may ask.
    """
    asked = Router("/", route_handlers=[EmbedController], middleware=[CrossOrigin(origins)])
    return Router("/", route_handlers=[asked, script])


def _require_token(database: Database, connection: ASGIConnection[Any, Any, Any, Any], explanation_id: str) -> None:
    """Let through whoever has a token for this explanation.

    Raises:
        NotAuthorizedException: If they have none.
    """
    given = connection.headers.get("authorization", "")
    token = given[len(_SCHEME) :].strip() if given.lower().startswith(_SCHEME) else ""
    try:
        check_token(embed_secrets(database), token, explanation_id, now())
    except EmbedTokenError as error:
        raise NotAuthorizedException(str(error), headers={"WWW-Authenticate": "Embed"}) from error
