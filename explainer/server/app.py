"""The app factory."""

from __future__ import annotations

from functools import partial

import swagger_ui_bundle
from litestar import Litestar, Response, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig

from explainer import __version__
from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.api import HealthController, ListsController, TagsController, WhyNotController
from explainer.server.audits import AuditController
from explainer.server.auth import PUBLIC, authorize, needs, to_login
from explainer.server.choices import ChoicesController
from explainer.server.explanations import ExplanationsController
from explainer.server.htmx import htmx_script
from explainer.server.pages import page_router
from explainer.server.patience import Patience
from explainer.server.problems import HANDLERS
from explainer.server.rendering import HERE, environment
from explainer.server.replays import ReplayController
from explainer.writing.worker import BatchingEngine

_MAX_BODY_BYTES = 256 * 1024


def create_app(explainer: Explainer, queue: int, deadline_s: float = 20.0) -> Litestar:
    """Return the app.

    Args:
        explainer: The pipeline; shared by all requests.
        queue: Requests that may wait for the language model.
        deadline_s: Seconds from a request's arrival to its texts.
    """
    admission = Admission(queue)
    return Litestar(
        route_handlers=[
            ExplanationsController,
            ListsController,
            TagsController,
            WhyNotController,
            ChoicesController,
            ReplayController,
            AuditController,
            HealthController,
            page_router(),
            htmx_script,
            *_static_routers(),
        ],
        dependencies={
            "explainer": Provide(lambda: explainer, sync_to_thread=False),
            "admission": Provide(lambda: admission, sync_to_thread=False),
        },
        guards=[authorize],
        exception_handlers=HANDLERS,
        middleware=[Patience(deadline_s)],
        on_shutdown=[partial(_close, explainer)],
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment())),
        openapi_config=_openapi(),
        compression_config=CompressionConfig(backend="gzip"),
        request_max_body_size=_MAX_BODY_BYTES,
        after_request=_harden,
        state=State({"database": explainer.database}),
    )


def _close(explainer: Explainer) -> None:
    engine = explainer.writer.engine
    if isinstance(engine, BatchingEngine):
        engine.close()


def _static_routers() -> list[Router]:
    return [
        create_static_files_router("/static", [HERE / "static"], name="static", opt=PUBLIC),
        create_static_files_router("/docs-assets", [swagger_ui_bundle.swagger_ui_path], name="docs-assets", opt=PUBLIC),
    ]


def _openapi() -> OpenAPIConfig:
    assets = "/docs-assets"
    page = SwaggerRenderPlugin(
        path="/",
        js_url=f"{assets}/swagger-ui-bundle.js",
        css_url=f"{assets}/swagger-ui.css",
        standalone_preset_js_url=f"{assets}/swagger-ui-standalone-preset.js",
        favicon=f"<link rel='icon' type='image/png' href='{assets}/favicon-32x32.png'>",
    )
    scheme = SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header")
    return OpenAPIConfig(
        title="Recommended because",
        version=__version__,
        description="Why was this recommended?",
        render_plugins=[page],
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            opt=needs(Scope.DOCS, page=True),
            exception_handlers={NotAuthorizedException: to_login},
            include_in_schema=False,
        ),
        components=Components(security_schemes={"ApiKey": scheme}),
        use_handler_docstrings=True,
    )


def _harden(response: Response[object]) -> Response[object]:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
