"""Structured logs: one JSON object a line, and never a word of a conversation."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["JsonLines", "log_request", "log_to"]

_LOGGER = logging.getLogger("clinigate.reference")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON.

    Of an exception it keeps the type and the places in the code. Its message is left out, because
    a parser's message may quote the data that it failed on.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage().partition("\n")[0],
        }
        entry.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            entry["exception"] = record.exc_info[0].__name__
            entry["at"] = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
        return json.dumps(entry, ensure_ascii=False)


def log_to(path: Path) -> logging.Handler:
    """Send the logs of the service and of uvicorn to `path`, and return the handler."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines())
    for name in ("clinigate.reference", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return handler


def log_request(
    *, request: str, method: str, route: str, status: int, seconds: float, client: str, **more: str
) -> None:
    """Write one line about an answered request."""
    fields = {
        "request": request,
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 3),
        "client": client,
        **more,
    }
    _LOGGER.info("request", extra={"fields": fields})
