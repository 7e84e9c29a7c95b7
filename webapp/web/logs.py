"""Logs: one line an event, its constant words first and what varies in fields; JSON by setting."""

import json
import logging
import sys
from datetime import UTC, datetime

from flask import Flask

from webapp.core.tracebacks import traceback_of
from webapp.web.request_id import request_id


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    fields = dict(getattr(record, "fields", {}))
    return fields | ({"request_id": number} if (number := request_id()) else {})


def fault_of(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return traceback_of(error) if error is not None else ""


class TextLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # As JSON, whatever a stranger typed stays on its line.
        fields = "".join(f" {name}={json.dumps(value, default=str)}" for name, value in fields_of(record).items())
        fault = f"\n{traceback}" if (traceback := fault_of(record)) else ""
        return f"{at} {record.levelname.lower()} {record.getMessage()}{fields}{fault}"


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **fields_of(record),
            **({"fault": traceback} if (traceback := fault_of(record)) else {}),
        }
        return json.dumps(line, default=str)


def init_app(app: Flask, *, as_json: bool, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if as_json else TextLine())
    ours = logging.getLogger("webapp")
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(level.upper())
    app.logger.handlers = [handler]
    # Warnings of libraries, such as SQLAlchemy's pool, where nobody has set up a handler for them.
    logging.lastResort = logging.StreamHandler(sys.stderr)
    logging.lastResort.setLevel(logging.WARNING)
    logging.lastResort.setFormatter(handler.formatter)
