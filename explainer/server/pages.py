"""The page: choose a user, read why each film is there."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from explainer.access import Scope
from explainer.access.sign_ins import sign_out
from explainer.picture import draw, waterfall_of
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.auth import COOKIE, PUBLIC, SIGN_IN, is_from_elsewhere, needs, to_login, try_sign_in
from explainer.server.cards import card_of
from explainer.storage.catalogue import users
from explainer.storage.explanations import get_explanation
from explainer.writing.style import Style

_CARDS = 6
_USERS = 200


class PageController(Controller):
    """Pages for a person who has signed in."""

    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", opt=needs(Scope.EXPLAIN, page=True), sync_to_thread=True)
    def home(
        self,
        explainer: NamedDependency[Explainer],
        admission: NamedDependency[Admission],
        user: Annotated[str | None, QueryParameter(max_length=200)] = None,
    ) -> Template:
        """Return the page, with the chosen user's recommendations if one is chosen."""
        with explainer.database.session() as session:
            known = users(session, _USERS)
        chosen = (user or "").strip()
        cards = []
        if chosen:
            with admission.place():
                library = explainer.writer.prompts.for_user(chosen, Style())
                words, titles = library.words(explainer.domain), explainer.titles(chosen)
                cards = [card_of(row, words, titles) for row in explainer.explain_top(chosen, _CARDS, reuse=True)]
        history = explainer.history(chosen) if chosen else None
        items = {item.id: item for item in explainer.model.recommender.catalogue.items}
        return Template(
            "home.html",
            context={"users": known, "chosen": chosen, "cards": cards, "history": history, "items": items},
        )

    @get("/explanations/{explanation_id:str}/waterfall.svg", opt=needs(Scope.READ, page=True), sync_to_thread=True)
    def waterfall(self, explanation_id: FromPath[str], explainer: NamedDependency[Explainer]) -> Response[str]:
        """Return the picture of one explanation; opened by itself, it may use its own style and nothing else."""
        with explainer.database.session() as session:
            row = get_explanation(session, explanation_id)
        picture = draw(waterfall_of(row, explainer.titles(row.user_id)))
        headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "Cache-Control": "no-store",
        }
        return Response(picture, media_type="image/svg+xml", headers=headers)


@get("/login", opt=PUBLIC, sync_to_thread=False, include_in_schema=False)
def login_form() -> Template:
    """Return the sign-in form."""
    return Template("login.html", context={"failed": False, "name": ""})


@post("/login", opt=SIGN_IN, sync_to_thread=True, include_in_schema=False)
def login(
    request: Request[Any, Any, Any],
    explainer: NamedDependency[Explainer],
    data: URLEncodedBody[dict[str, str]],
) -> Template | Redirect:
    """Check name and password; the browser gets a token in a cookie that scripts and other sites cannot use."""
    if is_from_elsewhere(request):
        raise PermissionDeniedException("Sign in on our own page.")
    name = data.get("name", "").strip()
    token = try_sign_in(explainer.database, name, data.get("password", ""))
    if token is None:
        return Template("login.html", context={"failed": True, "name": name}, status_code=403)
    answer = Redirect("/", status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(key=COOKIE, value=token, httponly=True, samesite="strict", secure=secure, path="/")
    return answer


@post("/logout", opt=PUBLIC, sync_to_thread=True, include_in_schema=False)
def logout(request: Request[Any, Any, Any], explainer: NamedDependency[Explainer]) -> Redirect:
    """Forget the token, here and in the browser."""
    if is_from_elsewhere(request):
        raise PermissionDeniedException("Sign out on our own page.")
    with explainer.database.session() as session:
        sign_out(session, request.cookies.get(COOKIE, ""))
    answer = Redirect("/login", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def page_router() -> Router:
    """Return all pages."""
    return Router("/", route_handlers=[PageController, login_form, login, logout])
