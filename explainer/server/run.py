"""Start the service."""

from __future__ import annotations

import contextlib
import gc
import logging
import math
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace

import uvicorn
from sqlalchemy.orm import Session

from explainer.access import DEMO
from explainer.access.keys import list_working
from explainer.access.people import list_people
from explainer.access.rates import Rates
from explainer.assembly import make_encoder, make_served_explainer
from explainer.audit.checkpointer import Checkpointer
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.keys import make_signer
from explainer.connecting import using_database
from explainer.errors import ExplainerError, NotReadyError
from explainer.loading import make_adapters, make_heirs, make_prompts
from explainer.pipeline import Explainer
from explainer.scratch import sweep
from explainer.server.admin_versions import Registries
from explainer.server.app import create_app
from explainer.server.draining import Draining, DrainingServer
from explainer.server.handing import HandedServer
from explainer.server.listening import listening
from explainer.server.logs import LogFormat, configure_logging
from explainer.server.parts import Parts
from explainer.server.workers import Workers
from explainer.service.package.write import Packer
from explainer.service.signing import signing
from explainer.service.starts import note_start
from explainer.service.subject.erase import Erasing
from explainer.service.subject.reapply import prepare_erasing
from explainer.settings import Settings
from explainer.storage.clearing import Clearer
from explainer.storage.database import Database
from retriever.errors import RetrieverError
from retriever.garbage import collect_seldom
from retriever.threads import one_thread

_LOG = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Load everything and serve until stopped.

    Raises:
        NotReadyError: If nobody could ask anything, or anyone who saw a demo could.
        SettingsError: If the port cannot be had.
    """
    with using_database(settings) as database:
        database.require_current()
        with database.session() as session:
            _require_credentials(session)
        prepare_erasing(database, Erasing.of(settings))
    sweep(settings.scratch)
    with listening(settings.host, settings.port) as listener:
        if settings.worker_count == 1:
            serve_app(settings, make_served_explainer(settings), listener, "json")
            return
        _configure_logging(settings, "json")
        # Made now if there is none: they must all have the same.
        make_signer(settings.signing_key, CheckpointFolder(settings.checkpoint_folder))
        Workers(settings, listener).run()


def _require_credentials(session: Session) -> None:
    keys = list_working(session)
    people = [person for person in list_people(session) if not person.disabled]
    if not keys and not people:
        raise NotReadyError(
            "Nobody could ask: no API key works, and nobody may sign in. Make a key with explainer key create NAME, or "
            "let somebody sign in with explainer people add NAME --role admin"
        )
    if any(key.name == DEMO for key in keys):
        raise NotReadyError(f"The demo's key still works; end it with: explainer key revoke {DEMO}")
    if any(person.name == DEMO for person in people):
        raise NotReadyError(f"The demo's person can still sign in; end it with: explainer people disable {DEMO}")


def serve_app(settings: Settings, explainer: Explainer, listener: socket.socket, log_format: LogFormat) -> None:
    """Serve a pipeline until stopped: by SIGTERM or Ctrl-C, after which requests under way are still answered.

    Args:
        settings: The limits.
        explainer: The pipeline.
        listener: Where to serve.
        log_format: Of the log, where the settings leave it open.
    """
    _configure_logging(settings, log_format)
    note_start(settings, explainer)
    _LOG.info("Serving on http://%s:%d", settings.host, settings.port)
    with signing(settings, explainer.database) as checkpointer, _clearing(settings, explainer.database) as clearer:
        _run(make_server(settings, explainer, checkpointer, clearer=clearer), [listener])


def serve_handed(settings: Settings, end: socket.socket) -> None:
    """Serve connections that another process hands on, until it is gone or says to stop.

    Args:
        settings: The limits.
        end: Where they come.
    """
    _configure_logging(settings, "json")
    try:
        explainer = make_served_explainer(settings)
    except (ExplainerError, RetrieverError) as error:
        sys.exit(str(error))
    note_start(settings, explainer)
    with signing(settings, explainer.database) as checkpointer, _clearing(settings, explainer.database) as clearer:
        _run(make_server(settings, explainer, checkpointer, end, clearer), None)


def _run(server: uvicorn.Server, sockets: list[socket.socket] | None) -> None:
    # uvicorn sends itself the signal again when it has stopped. That must end the program by its regular end, where
    # whoever called us cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # What was loaded stays: looking through all of it for garbage would stop every request for a tenth of a second.
    gc.collect()
    gc.freeze()
    collect_seldom()
    try:
        with contextlib.suppress(KeyboardInterrupt), one_thread():
            server.run(sockets)
    finally:
        _LOG.info("Stopped")


def _configure_logging(settings: Settings, usual: LogFormat) -> None:
    configure_logging(usual if settings.log_format == "auto" else settings.log_format)


@contextlib.contextmanager
def _clearing(settings: Settings, database: Database) -> Iterator[Clearer]:
    """Overwrite what is erased during the block; at its end wait for it, no longer than for requests."""
    clearer = Clearer(database)
    try:
        yield clearer
    finally:
        clearer.wait(settings.drain_s)


def make_server(
    settings: Settings,
    explainer: Explainer,
    checkpointer: Checkpointer | None = None,
    end: socket.socket | None = None,
    clearer: Clearer | None = None,
) -> uvicorn.Server:
    """Return the server of a pipeline; when told to stop it gives requests as long as they have from their arrival.

    Args:
        settings: The limits.
        explainer: The pipeline.
        checkpointer: Signs its audit log, and packages for auditors; without it there are none.
        end: Where another process hands its connections on; None for a server that listens itself.
        clearer: Overwrites what is erased behind the answers; without it whoever erases waits for that.
    """
    draining = Draining()
    parts = Parts(
        draining=draining,
        heirs=make_heirs(settings),
        registries=Registries(make_adapters(settings, explainer.database), make_prompts(settings, explainer.database)),
        encoder=make_encoder(settings),
        embed_origins=settings.embed_origins,
        erasing=replace(Erasing.of(settings), clearer=clearer),
        rates=Rates(settings.rate_app, settings.rate_people, settings.rate_sign_in),
        together=end is not None,
        checkpointer=checkpointer,
        packer=None if checkpointer is None else Packer(checkpointer.folder, checkpointer.signer, settings.scratch),
    )
    app = create_app(explainer, settings.queue, settings.deadline_s, parts)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # it has paths
        server_header=False,
        ws="none",  # nobody here speaks it
        timeout_graceful_shutdown=math.ceil(settings.deadline_s),
    )
    if end is None:
        return DrainingServer(config, draining, settings.drain_s)
    return HandedServer(config, draining, settings.drain_s, end)
