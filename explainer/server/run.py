"""Start the service."""

from __future__ import annotations

import gc
import logging

import uvicorn
from sqlalchemy.orm import Session

from explainer.access import DEMO
from explainer.access.keys import list_keys
from explainer.access.people import list_people
from explainer.assembly import make_served_explainer
from explainer.errors import NotReadyError
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.tables import now


def run(settings: Settings) -> None:
    """Load everything and serve until stopped.

    Raises:
        NotReadyError: If nobody could ask anything, or anyone who saw a demo could.
    """
    database = Database(settings.url)
    database.require_current()
    with database.session() as session:
        _require_credentials(session)
    serve_app(settings, make_served_explainer(settings))


def _require_credentials(session: Session) -> None:
    keys, people = list_keys(session), list_people(session)
    if not keys and not people:
        raise NotReadyError(
            "Nobody could ask: make an API key with explainer key create NAME, or let somebody sign in with "
            "explainer people add NAME --role admin"
        )
    if any(key.name == DEMO and (key.expires_at is None or key.expires_at > now()) for key in keys):
        raise NotReadyError(f"The demo's key still works; end it with: explainer key revoke {DEMO}")
    if any(person.name == DEMO and not person.disabled for person in people):
        raise NotReadyError(f"The demo's person can still sign in; end it with: explainer people disable {DEMO}")


def serve_app(settings: Settings, explainer: Explainer) -> None:
    """Serve a pipeline until stopped."""
    # Alembic tells about its context at every readiness check; nobody asked.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # What was loaded stays: looking through all of it for garbage would stop every request for a tenth of a second.
    gc.collect()
    gc.freeze()
    app = create_app(explainer, settings.queue, settings.deadline_s)
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", server_header=False)
