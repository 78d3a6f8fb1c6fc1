"""What a service says beside its answers: its log, its spans, what it asks the model."""

from __future__ import annotations

import io
import json
import logging
from contextlib import contextmanager

from explainer.server.logs import configure_logging
from explainer.writing.engines import Draft


class Recording:
    """Keeps every prompt that it is asked."""

    name, model_hash, adapter_hash = "recording", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self):
        self.prompts = []

    def write(self, prompts, sampling):
        self.prompts += map(str, prompts)
        return [Draft("You gave {b1} {b1.value}, and {item} works the same noir seam.")] * len(prompts)


@contextmanager
def logging_all():
    """Let everything be logged, down to the last word of every library; put all back at the end."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    # The test's own client logs its requests; a service has none.
    clients = {name: logging.getLogger(name).level for name in ("httpx", "httpx2", "httpcore", "asyncio")}
    configure_logging("json")
    text = io.StringIO()
    root.handlers[0].setStream(text)
    root.setLevel(logging.DEBUG)
    for name in clients:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield text.getvalue
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        for name, old in clients.items():
            logging.getLogger(name).setLevel(old)


def told_of(spans):
    for span in spans.get_finished_spans():
        yield span.name
        yield json.dumps(dict(span.attributes or {}), default=str)
        yield str(span.status.description)
        for event in span.events:
            yield event.name + json.dumps(dict(event.attributes or {}), default=str)
