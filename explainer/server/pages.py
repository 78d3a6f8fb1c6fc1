"""Signing in and out, and all pages together."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Controller, Request, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from explainer.access import Scope
from explainer.access.sign_ins import sign_out
from explainer.pipeline import Explainer
from explainer.server.audit_pages import AuditPages
from explainer.server.audit_report_pages import AuditReportPages
from explainer.server.auth import COOKIE, PUBLIC, SIGN_IN, is_from_elsewhere, needs, to_login, try_sign_in
from explainer.server.customer import CustomerController
from explainer.server.customer_choices import CustomerChoicesController
from explainer.server.customer_data import CustomerDataController
from explainer.server.rendering import navigation, page


class SignInForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who somebody says they are; what is left out is as wrong as a wrong one."""

    name: str = ""
    password: str = ""


@get("/login", opt=PUBLIC, sync_to_thread=False, include_in_schema=False)
def login_form(request: Request[Any, Any, Any]) -> Template:
    """Return the sign-in form."""
    return page(request, "login.html", failed=False, name="")


@post("/login", opt=SIGN_IN, sync_to_thread=True, include_in_schema=False)
def login(
    request: Request[Any, Any, Any],
    explainer: NamedDependency[Explainer],
    data: URLEncodedBody[SignInForm],
) -> Template | Redirect:
    """Check name and password; the browser gets a token in a cookie that scripts and other sites cannot use."""
    if is_from_elsewhere(request):
        raise PermissionDeniedException("Sign in on our own page.")
    name = data.name.strip()
    token = try_sign_in(explainer.database, name, data.password)
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
    return Router(
        "/",
        route_handlers=[
            CustomerController,
            CustomerChoicesController,
            CustomerDataController,
            AuditPages,
            AuditReportPages,
            SessionController,
            login_form,
            login,
        ],
    )
