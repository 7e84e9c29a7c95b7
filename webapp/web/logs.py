"""Logs: one line an event, its constant words first and what varies in fields; JSON by setting."""

import json
import logging
import sys
from datetime import UTC, datetime

from flask import Flask

from webapp.web.request_id import request_id


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    fields = dict(getattr(record, "fields", {}))
    return fields | ({"request_id": number} if (number := request_id()) else {})


class Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # As JSON, whatever a stranger typed stays on its line.
        fields = "".join(f" {name}={json.dumps(value, default=str)}" for name, value in fields_of(record).items())
        fault = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{at} {record.levelname.lower()} {record.getMessage()}{fields}{fault}"


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **fields_of(record),
            **({"fault": self.formatException(record.exc_info)} if record.exc_info else {}),
        }
        return json.dumps(line, default=str)


def init_app(app: Flask, *, as_json: bool, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if as_json else Line())
    ours = logging.getLogger("webapp")
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(level.upper())
    app.logger.handlers = [handler]
