"""A real HTTP server on a real socket that answers as badly as it is told to."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading

GOOD = "You gave {b1} {b1.value}, and {item} is a drama too."


def answer(body, status="200 OK", headers=""):
    """Return a whole HTTP answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n{headers}\r\n"
    return head.encode() + raw


def cards(*rows):
    return answer({"object": "list", "data": list(rows)})


def completion(text):
    return answer({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]})


class Pool:
    """Answers the nth completion request with the nth of ``answers``; the last one is repeated.

    An answer is bytes to send, a function of the request that returns them, or None: it stalls until the end.
    ``looks`` is released whenever somebody has asked for its models.
    """

    def __init__(self, *answers, models=None, port=0):
        self.answers = list(answers) or [completion(GOOD)]
        self.models = answer({"object": "list", "data": []}) if models is None else models
        self.requests = []
        self.heads = []
        self.looks = threading.Semaphore(0)
        self.stalled = threading.Event()
        self.hung_up = threading.Event()
        self._lock = threading.Lock()
        self._connections = set()
        pool = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                pool._connections.add(self.connection)
                while head := pool._head(self.rfile):
                    pool._reply(self, head)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass  # the client hung up: that is what some tests are about

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def _head(self, file):
        lines = []
        while (line := file.readline()) not in {b"\r\n", b""}:
            lines.append(line.decode())
        return lines

    def _reply(self, handler, head):
        length = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length")), 0)
        body = handler.rfile.read(length)
        if head[0].startswith("GET"):
            self._send(handler, self.models)
            self.looks.release()
            return
        with self._lock:
            said = self.answers[min(len(self.requests), len(self.answers) - 1)]
            self.requests.append(json.loads(body))
            self.heads.append(head)
        raw = said(self.requests[-1]) if callable(said) else said
        if raw is None:
            self._stall(handler)
            return
        self._send(handler, raw)

    def _send(self, handler, raw):
        handler.wfile.write(raw)
        if b"Content-Length" not in raw:  # then the end of the connection is the end of the answer
            handler.connection.shutdown(socket.SHUT_RDWR)

    def _stall(self, handler):
        self.stalled.set()
        handler.connection.settimeout(20)
        if handler.rfile.read(1) == b"":  # returns when the client closes the connection
            self.hung_up.set()

    def die(self):
        """Take no more connections and break those there are; __exit__ may still be called."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
