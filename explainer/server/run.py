"""Start the service."""

from __future__ import annotations

import logging

import uvicorn

from explainer.assembly import make_served_explainer
from explainer.errors import NotReadyError
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.keys import count_keys


def run(settings: Settings) -> None:
    """Load everything and serve until stopped.

    Raises:
        NotReadyError: If there is no API key: nobody could ask anything.
    """
    database = Database(settings.url)
    database.require_current()
    with database.session() as session:
        if count_keys(session) == 0:
            raise NotReadyError("There is no API key; make one with: explainer key create NAME")
    serve_app(settings, make_served_explainer(settings))


def serve_app(settings: Settings, explainer: Explainer) -> None:
    """Serve a pipeline until stopped."""
    # Alembic tells about its context at every readiness check; nobody asked.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app(explainer, settings.queue, settings.deadline_s)
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", server_header=False)
