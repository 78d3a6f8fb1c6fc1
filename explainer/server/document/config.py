"""Title, security and tags of the document, and where it is served."""

from __future__ import annotations

from litestar import Router
from litestar.exceptions import NotAuthorizedException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from explainer import __version__
from explainer.access import Scope
from explainer.server.auth import needs, to_login
from explainer.server.docs import DocsPage
from explainer.server.document.ids import operation_id
from explainer.server.document.problems import problem_responses
from explainer.server.document.words import TAGS

_ABOUT = """\
Why was this recommended?

Programs show an API key, in `X-API-Key` or as a bearer token; every operation says which roles may call it. Whatever
is no success is a problem document (RFC 9457). Lists come in pages: `next` of one page is the `cursor` of the next.
A parameter or a field that an operation does not have is refused by name (400): what is misspelt narrows nothing.
"""
_KEY = "An API key; `explainer key create` makes one."


def openapi_config() -> OpenAPIConfig:
    """Return the configuration of the document."""
    return OpenAPIConfig(
        title="Recommended because",
        version=__version__,
        description=_ABOUT,
        render_plugins=[DocsPage(path="/")],
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            opt=needs(Scope.DOCS, page=True),
            exception_handlers={NotAuthorizedException: to_login},
            include_in_schema=False,
        ),
        components=Components(security_schemes=dict(_schemes()), responses=problem_responses()),
        tags=TAGS,
        operation_id_creator=operation_id,
        use_handler_docstrings=True,
    )


def _schemes() -> dict[str, SecurityScheme]:
    return {
        "ApiKey": SecurityScheme("apiKey", _KEY, name="X-API-Key", security_scheme_in="header"),
        "Bearer": SecurityScheme("http", _KEY, scheme="bearer"),
        "Embed": SecurityScheme(
            "apiKey",
            "`Embed TOKEN`: a token for one explanation, which the shop's server has asked for with its key.",
            name="Authorization",
            security_scheme_in="header",
        ),
    }
