"""The log: one line per event on standard error, as JSON or for people.

What a line may hold is decided here. A request appears with its route's template, never with its path, query or body;
an error with its type and places, never with its message, which may quote what somebody wrote.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from explainer.places import places
from explainer.server.exchange import Exchange
from explainer.server.request_ids import current_request_id

LogFormat = Literal["json", "plain"]
_REQUESTS = logging.getLogger("explainer.requests")
# Alembic tells about its context at every readiness check; other libraries' news are nobody's, their warnings are.
_LEVELS = {"explainer": logging.INFO, "retriever": logging.INFO, "uvicorn.error": logging.INFO}


class JsonLines(logging.Formatter):
    """One JSON object per record: time (UTC), level, logger, message, request_id, and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = places(record.exc_info[1])
        return json.dumps(line, default=str)


class PlainLines(logging.Formatter):
    """The same for people: request ids stand in brackets, the places of an error on lines of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        request_id = current_request_id()
        fields = "".join(f" {name}={value}" for name, value in getattr(record, "fields", {}).items())
        line = f"{_time(record)} {record.levelname:7} {record.name}: {record.getMessage()}{fields}"
        if request_id:
            line += f" [{request_id}]"
        if record.exc_info and record.exc_info[1] is not None:
            line += "".join(f"\n    {place}" for place in places(record.exc_info[1]))
        return line


def configure_logging(style: LogFormat) -> None:
    """Send the log of this process to standard error; whatever was configured before is replaced."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else PlainLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level)


def log_exchange(exchange: Exchange) -> None:
    """Write the access line of a request."""
    route = exchange.route or "(unknown path)"
    fields = {
        "method": exchange.method,
        "route": exchange.route,
        "status": exchange.status,
        "ms": round(exchange.seconds * 1000, 1),
        "role": exchange.role,
        "bytes": exchange.size,
    }
    _REQUESTS.info("%s %s %d", exchange.method, route, exchange.status, extra={"fields": fields})


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
