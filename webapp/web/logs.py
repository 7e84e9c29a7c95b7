"""Log formatters: one line per event, a constant message followed by fields, as text or JSON (``WEBAPP_LOG_JSON``)."""

import json
import logging
import sys
import threading
from datetime import UTC, datetime

from flask import Flask

from webapp.core.clock import now
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
        fault = {"fault": traceback} if (traceback := fault_of(record)) else {}
        at = datetime.fromtimestamp(record.created, UTC)
        return json_line(record.levelname.lower(), record.getMessage(), at, **fields_of(record), **fault)


def json_line(level: str, event: str, at: datetime | None = None, /, **fields: object) -> str:
    """A line as ``JsonLine`` writes it, for what is not logged with ``logging``."""
    moment = (at or now()).isoformat(timespec="milliseconds")
    return json.dumps({"at": moment, "level": level, "event": event} | fields, default=str)


def init_app(app: Flask, *, as_json: bool, level: str) -> None:
    """Send the logs of ``webapp``, and warnings of libraries, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if as_json else TextLine())
    site_logger = logging.getLogger("webapp")
    site_logger.handlers, site_logger.propagate = [handler], False
    site_logger.setLevel(level.upper())
    app.logger.handlers = [handler]
    use_for_others(handler)


def use_for_others(handler: logging.Handler) -> None:
    # For warnings of libraries whose loggers have no handler, such as SQLAlchemy's connection pool.
    logging.lastResort = logging.StreamHandler(sys.stderr)
    logging.lastResort.setLevel(logging.WARNING)
    logging.lastResort.setFormatter(handler.formatter)


def all_as_json() -> None:
    """Write also what Python itself prints as lines of JSON: warnings, and exceptions that nobody caught."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    use_for_others(handler)
    logging.captureWarnings(True)
    # Otherwise its records are dropped: ``captureWarnings`` gives this logger a handler that does nothing.
    logging.getLogger("py.warnings").handlers = [handler]
    logger = logging.getLogger("uncaught")

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            name = args.thread.name if args.thread is not None else None
            logger.error("uncaught exception", exc_info=args.exc_value, extra={"fields": {"thread": name}})

    sys.excepthook = lambda _kind, error, _trace: logger.error("uncaught exception", exc_info=error)
    threading.excepthook = of_thread
