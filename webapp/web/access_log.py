"""AccessLog: one line of JSON per request (``WEBAPP_ACCESS_LOG``)."""

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from webapp.web.request_observer import RequestRecord

LONGEST_METHOD = 20


class AccessLog:
    """Writes each record to a file descriptor, that of standard error by default.

    Not with ``logging``, which takes as long as half a guarded request.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = descriptor
        self.encode = msgspec.json.Encoder().encode

    def __call__(self, record: RequestRecord) -> None:
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "info",
            "event": "request",
            "request_id": record.request_id,
            "method": record.method[:LONGEST_METHOD],
            "route": record.route,
            "status": record.status,
            "ms": round(record.seconds * 1000, 1),
            "ip_address": record.ip_address,
            "user_id": record.user_id,
            "credential_id": record.credential_id,
        }
        # In one call, so that lines of other threads and processes cannot end up in the middle of it.
        with suppress(OSError, ValueError):  # a log that cannot be written must not fail the request
            os.write(sys.stderr.fileno() if self.descriptor is None else self.descriptor, self.encode(line) + b"\n")
