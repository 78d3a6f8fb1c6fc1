"""The app factory."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import swagger_ui_bundle
from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig

from explainer.access.keys import find_keys
from explainer.access.rates import Limiter
from explainer.audit.checkpoints import CheckpointFolder
from explainer.pipeline import Explainer
from explainer.server.admin import AdminController
from explainer.server.admin_people import PeopleController
from explainer.server.admin_versions import VersionsController, registries_of
from explainer.server.admission import Admission
from explainer.server.api import HealthController, ListsController, TagsController, WhyNotController
from explainer.server.audit_packages import PackagesController, packer_from
from explainer.server.audit_proofs import ProofsController
from explainer.server.audit_report_pages import ReportController
from explainer.server.audits import AuditController
from explainer.server.auth import PUBLIC, authorize
from explainer.server.awaited import Awaited
from explainer.server.catalogue import CatalogueController
from explainer.server.choices import ChoicesController
from explainer.server.docs import ASSETS
from explainer.server.document.config import openapi_config
from explainer.server.document.operations import Documentation
from explainer.server.document.structs import ClosedStructs
from explainer.server.draining import Draining
from explainer.server.embed import EmbedTokensController, embed_router
from explainer.server.exchange import Watched
from explainer.server.explanations import ExplanationsController
from explainer.server.forms import FormRequest
from explainer.server.headers import ASSET, harden
from explainer.server.htmx import htmx_script
from explainer.server.keeping_up import keeping_up
from explainer.server.logs import log_exchange
from explainer.server.looking import looker_of
from explainer.server.metrics import Metrics, show_metrics
from explainer.server.pages import page_router
from explainer.server.parameters import ParametersController
from explainer.server.parts import Heads, Parts
from explainer.server.patience import Patience
from explainer.server.problems import HANDLERS
from explainer.server.queries import QueryNames, require_known_query
from explainer.server.reading import reading_from
from explainer.server.rendering import HERE, environment
from explainer.server.replays import ReplayController
from explainer.server.requests import require_text
from explainer.server.review import ReviewPagesController
from explainer.server.reviews import REVIEWING
from explainer.server.sent import AsSent, take_as_sent
from explainer.server.subjects import SubjectsController
from explainer.server.support import SupportController
from explainer.server.threads import use_threads
from explainer.server.together import Together
from explainer.service.importance import Importance
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.live import Live
from explainer.service.presence import API, Presence
from explainer.service.promises import Promises
from explainer.service.signing import Signs
from explainer.service.subject.erase import Erasing
from explainer.service.succession import Succession

_MAX_BODY_BYTES = 256 * 1024


def create_app(explainer: Explainer, queue: int, deadline_s: float = 20.0, parts: Parts | None = None) -> Litestar:
    """Return the app.

    Args:
        explainer: The pipeline; shared by all requests.
        queue: Requests that may wait for the language model.
        deadline_s: Seconds from a request's arrival to its texts.
        parts: What else it works with.
    """
    admission, parts = Admission(queue), parts or Parts()
    registries = parts.registries or registries_of(explainer)
    live, importance = Live(explainer, parts.encoder), Importance()
    succession = Succession(live, parts.heirs)
    limiter = Limiter(explainer.database, parts.rates)
    promises, draining = Promises(explainer.database), parts.draining or Draining()
    awaited = Awaited(explainer.database, draining)
    erasing = parts.erasing or Erasing.unlisted()
    metrics = Metrics(live, succession, admission, limiter, parts.checkpointer, shared=parts.together)
    afterwork = explainer.afterwards
    signs = Signs.of(parts.checkpointer)
    presence = Presence(API, signs=signs)
    if isinstance(afterwork, Afterwork):
        presence = Presence(API, afterwork.queue.name, afterwork.kinds, signs)
    state = {
        "database": explainer.database,
        "callers": Together(explainer.database, find_keys),
        "limiter": limiter,
        "metrics": metrics,
        "checkpointer": parts.checkpointer,
        "presence": presence,
        "succession": succession,
    }
    signing = parts.packer or parts.checkpointer
    heads = Heads(None if signing is None else signing.folder, parts.packer is not None)
    checkpoints = heads.folder or CheckpointFolder(Path(os.devnull))
    app = Litestar(
        route_handlers=[
            ExplanationsController,
            ListsController,
            TagsController,
            WhyNotController,
            *REVIEWING,
            ChoicesController,
            SubjectsController,
            CatalogueController,
            ParametersController,
            ReplayController,
            AuditController,
            ProofsController,
            PackagesController,
            ReportController,
            HealthController,
            SupportController,
            ReviewPagesController,
            AdminController,
            PeopleController,
            VersionsController,
            EmbedTokensController,
            embed_router(parts.embed_origins),
            show_metrics,
            page_router(),
            htmx_script,
            *_static_routers(),
        ],
        dependencies={
            "explainer": Provide(lambda: live.explainer, sync_to_thread=False),
            "live": Provide(lambda: live, sync_to_thread=False),
            "importance": Provide(lambda: importance, sync_to_thread=False),
            "promises": Provide(lambda: promises, sync_to_thread=False),
            "draining": Provide(lambda: draining, sync_to_thread=False),
            "awaited": Provide(lambda: awaited, sync_to_thread=False),
            "looker": Provide(looker_of, sync_to_thread=False),
            "erasing": Provide(lambda: erasing, sync_to_thread=False),
            "admission": Provide(lambda: admission, sync_to_thread=False),
            "registries": Provide(lambda: registries, sync_to_thread=False),
            "checkpoints": Provide(lambda: checkpoints, sync_to_thread=False),
            "heads": Provide(lambda: heads, sync_to_thread=False),
            "packer": Provide(packer_from(parts.packer), sync_to_thread=False),
            "reading": Provide(reading_from(live), sync_to_thread=False),
        },
        guards=[authorize, require_text, take_as_sent, require_known_query],
        request_class=FormRequest,
        exception_handlers=HANDLERS,
        middleware=[Patience(deadline_s)],
        lifespan=[partial(keeping_up, live, succession, metrics, presence), awaited.hearing],
        on_startup=[partial(use_threads, queue, explainer.underway), partial(_begin, live)],
        on_shutdown=[partial(_close, live, succession)],
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment())),
        openapi_config=openapi_config(),
        plugins=[Documentation(), ClosedStructs(), QueryNames()],
        compression_config=CompressionConfig(backend="gzip"),
        request_max_body_size=_MAX_BODY_BYTES,
        before_send=[harden, draining.say],
        logging_config=None,  # whoever starts the process decides
        state=State(state),
    )
    app.asgi_handler = Watched(AsSent(app.asgi_handler), [log_exchange, metrics.note], parts.tracer)
    return app


def _begin(live: Live) -> None:
    if isinstance(live.explainer.afterwards, Afterwork):
        live.explainer.afterwards.start(live.current)


def _close(live: Live, succession: Succession) -> None:
    if isinstance(live.explainer.afterwards, Afterwork):
        live.explainer.afterwards.close()
    succession.close()


def _static_routers() -> list[Router]:
    return [
        create_static_files_router("/static", [HERE / "static"], name="static", opt=PUBLIC | ASSET),
        create_static_files_router(ASSETS, [swagger_ui_bundle.swagger_ui_path], name="docs-assets", opt=PUBLIC | ASSET),
    ]
