"""Log formatters: one line per event, a constant message followed by fields, as text or JSON (``WEBAPP_LOG_JSON``)."""

import json
import logging
import sys
from datetime import UTC, datetime

from flask import Flask

from webapp.core.tracebacks import traceback_of
from webapp.web.request_id import request_id


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """The fields given as ``extra={"fields": …}``, and the request ID."""
    fields = dict(getattr(record, "fields", {}))
    return fields | ({"request_id": number} if (number := request_id()) else {})


def fault_of(record: logging.LogRecord) -> str:
    """The traceback of a logged exception, without its message; empty without one."""
    error = record.exc_info[1] if record.exc_info else None
    return traceback_of(error) if error is not None else ""


class TextLine(logging.Formatter):
    """``TIME LEVEL MESSAGE NAME=VALUE …``, the values as JSON; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # JSON escapes line breaks, so user input cannot forge a log line.
        fields = "".join(f" {name}={json.dumps(value, default=str)}" for name, value in fields_of(record).items())
        fault = f"\n{traceback}" if (traceback := fault_of(record)) else ""
        return f"{at} {record.levelname.lower()} {record.getMessage()}{fields}{fault}"


class JsonLine(logging.Formatter):
    """One JSON object per line: ``at``, ``level``, ``event``, the fields, and ``fault`` for a traceback."""

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
    """Send the logs of ``webapp``, and warnings of libraries, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if as_json else TextLine())
    ours = logging.getLogger("webapp")
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(level.upper())
    app.logger.handlers = [handler]
    # For warnings of libraries whose loggers have no handler, such as SQLAlchemy's connection pool.
    logging.lastResort = logging.StreamHandler(sys.stderr)
    logging.lastResort.setLevel(logging.WARNING)
    logging.lastResort.setFormatter(handler.formatter)
