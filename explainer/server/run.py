"""Start the service."""

from __future__ import annotations

import contextlib
import gc
import logging
import math
import signal
import socket
import sys

import uvicorn
from sqlalchemy.orm import Session

from explainer.access import DEMO
from explainer.access.keys import list_keys
from explainer.access.people import list_people
from explainer.access.rates import Rates
from explainer.assembly import make_adapters, make_encoder, make_prompts, make_served_explainer
from explainer.audit.checkpointer import Checkpointer
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.keys import load_signer
from explainer.errors import NotReadyError
from explainer.pipeline import Explainer
from explainer.server.admin_versions import Registries
from explainer.server.app import create_app
from explainer.server.listening import listening
from explainer.server.logs import LogFormat, configure_logging
from explainer.server.parts import Parts
from explainer.service.package.write import Packer
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.tables import now
from retriever.threads import one_thread

_LOG = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Load everything and serve until stopped.

    Raises:
        NotReadyError: If nobody could ask anything, or anyone who saw a demo could.
        SettingsError: If the port cannot be had.
    """
    database = Database(settings.url)
    database.require_current()
    with database.session() as session:
        _require_credentials(session)
    with listening(settings.host, settings.port) as listener:
        serve_app(settings, make_served_explainer(settings), listener, "json")


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


def serve_app(settings: Settings, explainer: Explainer, listener: socket.socket, log_format: LogFormat) -> None:
    """Serve a pipeline until stopped: by SIGTERM or Ctrl-C, after which requests under way are still answered.

    Args:
        settings: The limits.
        explainer: The pipeline.
        listener: Where to serve.
        log_format: Of the log, where the settings leave it open.
    """
    configure_logging(log_format if settings.log_format == "auto" else settings.log_format)
    server = make_server(settings, explainer)
    # uvicorn sends itself the signal again when it has stopped. That must end the program by its regular end, where
    # whoever called us cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # What was loaded stays: looking through all of it for garbage would stop every request for a tenth of a second.
    gc.collect()
    gc.freeze()
    _LOG.info("Serving on http://%s:%d", settings.host, settings.port)
    checkpointer = Checkpointer(
        explainer.database,
        CheckpointFolder(settings.checkpoint_folder),
        load_signer(settings.signing_key),
        settings.checkpoint_entries,
        settings.checkpoint_s,
    )
    try:
        with contextlib.suppress(KeyboardInterrupt), one_thread():
            server.run([listener])
    finally:
        checkpointer.close()
        _LOG.info("Stopped")


def make_server(settings: Settings, explainer: Explainer) -> uvicorn.Server:
    """Return the server of a pipeline; when told to stop it gives requests as long as they have from their arrival."""
    parts = Parts(
        registries=Registries(make_adapters(settings, explainer.database), make_prompts(settings, explainer.database)),
        encoder=make_encoder(settings),
        embed_origins=settings.embed_origins,
        rates=Rates(settings.rate_app, settings.rate_people, settings.rate_sign_in),
        packer=Packer(CheckpointFolder(settings.checkpoint_folder), load_signer(settings.signing_key)),
    )
    app = create_app(explainer, settings.queue, settings.deadline_s, parts)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # it has paths
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings.deadline_s),
    )
    return uvicorn.Server(config)
