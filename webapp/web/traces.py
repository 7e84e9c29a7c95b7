"""TraceExporter: a span for each request, sent in batches to a collector of OpenTelemetry (OTLP/HTTP with JSON).

OTLP 1.x, https://opentelemetry.io/docs/specs/otlp/; W3C Trace Context for the header ``traceparent``.
"""

import http.client
import logging
import os
import random
import re
import secrets
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from webapp.core.background_worker import BackgroundWorker
from webapp.web.request_observer import RequestRecord

log = logging.getLogger(__name__)

PATH = "/v1/traces"
INTERVAL = 2.0
"""Seconds between two batches."""
LONGEST_BATCH = 512
MOST_WAITING = 4096
"""Spans that wait while the collector is slow or down; older ones are dropped."""
TIMEOUT = 10.0
"""Seconds that the collector may take."""
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
SAMPLED = 1
SERVER, ERROR = 2, 2
"""``SpanKind`` and ``Status.code`` of OTLP."""


class TraceExporter(BackgroundWorker):
    """Observer of requests; its thread starts with the first of them, after a fork.

    Args:
        url: of the collector, such as ``http://127.0.0.1:4318``.
        authorization: header for the collector; empty: none.
        percent: of the requests without a parent, how many are sent.
    """

    def __init__(self, url: str, authorization: str, percent: int, *, version: str) -> None:
        super().__init__("traces")
        self._url, self._authorization, self._share = urlsplit(url), authorization, percent / 100
        self._resource = {"service.name": "latchkey", "service.version": version, "process.pid": os.getpid()}
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_WAITING)
        self._starting, self._has_started, self._is_down = threading.Lock(), False, False

    def __call__(self, record: RequestRecord) -> None:
        parent = TRACEPARENT.fullmatch(record.traceparent) if record.traceparent else None
        # The caller decides for its whole trace (Trace Context §3.2.2.5).
        is_sampled = int(parent[3], 16) & SAMPLED if parent else random.random() < self._share  # noqa: S311 - no secret
        if not is_sampled:
            return
        self._waiting.append(span(record, parent[1] if parent else "", parent[2] if parent else "", time.time_ns()))
        if not self._has_started:
            self.start()

    def start(self) -> None:
        with self._starting:
            if not self._has_started:
                self._has_started = True
                self._resource["process.pid"] = os.getpid()
                super().start()

    def run(self) -> None:
        while not self.is_stopping:
            self._stopping.wait(INTERVAL)
            self.flush()

    def flush(self) -> None:
        """Send what waits. A batch that cannot be sent is dropped: old traces are worth less than memory."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(LONGEST_BATCH, len(self._waiting)))]
            try:
                self._send(batch)
            except (OSError, http.client.HTTPException) as error:
                if not self._is_down:
                    log.warning("traces not sent", extra={"fields": {"error": type(error).__name__}})
                self._is_down = True
                return
            self._is_down = False

    def _send(self, batch: list[dict[str, Any]]) -> None:
        """Send a batch of spans to the collector as OTLP/HTTP JSON.

        Raises:
            OSError, HTTPException: the collector cannot be reached, or refuses.
        """
        scope = {"scope": {"name": "latchkey"}, "spans": batch}
        content = {"resourceSpans": [{"resource": {"attributes": attributes(self._resource)}, "scopeSpans": [scope]}]}
        headers = {"Content-Type": "application/json"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        connection = connect(self._url.scheme, self._url.netloc)
        try:
            connection.request("POST", self._url.path.rstrip("/") + PATH, msgspec.json.encode(content), headers)
            status = connection.getresponse().status
        finally:
            connection.close()
        if status >= 300:
            raise http.client.HTTPException(status)


def connect(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(netloc, timeout=TIMEOUT, context=ssl.create_default_context())
    return http.client.HTTPConnection(netloc, timeout=TIMEOUT)


def span(record: RequestRecord, trace_id: str, parent_id: str, ended: int) -> dict[str, Any]:
    """A span as OTLP writes it in JSON. It is named for the route, and has no path, query, IP address or user.

    Args:
        trace_id: of the caller; empty: a new trace.
        ended: nanoseconds since 1970.
    """
    values = {
        "http.request.method": record.method[:20],
        "http.route": record.route,
        "http.response.status_code": record.status,
        "latchkey.decision": record.decision,
    }
    return {
        "traceId": trace_id or secrets.token_hex(16),
        "spanId": secrets.token_hex(8),
        **({"parentSpanId": parent_id} if parent_id else {}),
        "name": f"{record.method[:20]} {record.route}" if record.route else record.method[:20],
        "kind": SERVER,
        "startTimeUnixNano": str(ended - round(record.seconds * 1e9)),
        "endTimeUnixNano": str(ended),
        "attributes": attributes(values),
        "status": {"code": ERROR} if record.status >= 500 else {},
    }


def attributes(values: Mapping[str, object]) -> list[dict[str, Any]]:
    """Key-value pairs of OTLP; int64 is a string in JSON (protobuf)."""
    return [
        {"key": name, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for name, value in values.items()
        if value is not None
    ]
