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
from explainer.server.auth import COOKIE, PUBLIC, is_from_elsewhere, needs, to_login, try_sign_in
from explainer.server.cards import card_of
from explainer.server.rendering import navigation, page
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
        request: Request[Any, Any, Any],
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
        return page(request, "home.html", users=known, chosen=chosen, cards=cards, history=history, items=items)

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
def login_form(request: Request[Any, Any, Any]) -> Template:
    """Return the sign-in form."""
    return page(request, "login.html", failed=False, name="")


@post("/login", opt=PUBLIC, sync_to_thread=True, include_in_schema=False)
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
        return page(request, "login.html", status_code=403, failed=True, name=name)
    answer = Redirect("/start", status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(key=COOKIE, value=token, httponly=True, samesite="strict", secure=secure, path="/")
    return answer


class SessionController(Controller):
    """For whoever is signed in."""

    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/start", opt=needs(Scope.DOCS, page=True), sync_to_thread=False)
    def start(self, request: Request[Any, Any, Any]) -> Redirect:
        """Go to the first page that is for this person."""
        return Redirect(navigation(request)[0].path, status_code=303)

    @post("/logout", opt=needs(Scope.DOCS, page=True), sync_to_thread=True)
    def logout(self, request: Request[Any, Any, Any], explainer: NamedDependency[Explainer]) -> Redirect:
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
    return Router("/", route_handlers=[PageController, SessionController, login_form, login])
