"""A port where a Prometheus server reads, for a process that serves nobody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named so by whoever calls it
        """Say nothing: it is read every few seconds."""


@contextmanager
def metrics_read(listener: socket.socket | None, registry: CollectorRegistry) -> Iterator[None]:
    """Let whoever connects read during the block.

    Args:
        listener: Listens already; None for nowhere.
        registry: What they read.
    """
    if listener is None:
        yield
        return
    with _server(listener, registry) as server:
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _server(listener: socket.socket, registry: CollectorRegistry) -> WSGIServer:
    host, port = listener.getsockname()[:2]
    server = _Server((host, port), _Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = host, port
    server.setup_environ()
    server.set_app(make_wsgi_app(registry))
    return server
