"""The page with the API's documentation: Swagger UI from our own files, and no script or style in the page."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.plugins.jinja import JinjaTemplateEngine

ASSETS = "/docs-assets"


class DocsPage(OpenAPIRenderPlugin):
    """Renders the page; its script fetches the document, which takes the same key or cookie as the page."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the page."""
        engine = request.app.template_engine
        if not isinstance(engine, JinjaTemplateEngine):
            raise TypeError("The app has no Jinja templates.")
        page = engine.get_template("docs.html")
        return page.render(title=openapi_schema["info"]["title"], assets=ASSETS).encode()
