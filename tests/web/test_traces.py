"""Traces: a span a request for a collector of OpenTelemetry, by OTLP/HTTP with JSON."""

import json
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests import factories
from tests.ports import free_port
from tests.script import Script
from webapp.settings import Settings, SettingsError
from webapp.web import traces
from webapp.web.registry import services_of
from webapp.web.request_observer import RequestRecord
from webapp.web.traces import MOST_WAITING, TraceExporter

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "aW4gdHJ1dGggaXQgd2FzIG5vdCByYW5kb20gYXQgYWxs"


class Collector(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.received, self.status = [], 200
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def spans(self):
        return [
            span
            for _path, _headers, content in self.received
            for resource in content["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def collector():
    with collecting() as found:
        yield found


@contextmanager
def collecting():
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def traced(make_app, collector):
    """Builds the site; afterwards no thread of it sends anything."""
    made = []

    def make(**settings):
        app = make_app(WEBAPP_TRACES_URL=collector.url, **settings)
        made.append(services_of(app).get(TraceExporter))
        return app

    yield make
    for exporter in made:
        exporter.stop()
        exporter.join(10)


def sent(app):
    services_of(app).get(TraceExporter).flush()


def named(span):
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def test_without_a_collector_there_are_no_traces(app):
    assert services_of(app).find(TraceExporter) is None


def test_a_request_is_a_span_of_its_route_without_path_query_and_user(traced, collector):
    app = traced(WEBAPP_TRACES_AUTHORIZATION="Bearer for-the-collector")
    user = factories.user(app, "ada")
    issued = factories.api_token(app, user, "tokens:read")
    Script(app, issued.token).get(f"/tokens/{issued.entry.id}")
    sent(app)
    path, headers, content = collector.received[0]
    assert (path, headers["Authorization"]) == ("/v1/traces", "Bearer for-the-collector")
    (span,) = collector.spans()
    assert (span["name"], span["kind"], span["status"]) == ("GET /tokens/<uuid:token_id>", 2, {})
    assert named(span) == {
        "http.request.method": "GET",
        "http.route": "/tokens/<uuid:token_id>",
        "http.response.status_code": "200",
        "latchkey.decision": "allowed",
    }
    assert re.fullmatch(r"[0-9a-f]{32}", span["traceId"])
    assert re.fullmatch(r"[0-9a-f]{16}", span["spanId"])
    took = int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])
    assert 0 < took < 60e9
    written = json.dumps(content)
    for secret in (str(issued.entry.id), str(user.id), issued.token[-20:], "10.0.0.7"):
        assert secret not in written


def test_the_trace_of_a_trusted_proxy_goes_on(traced, collector):
    app = traced(WEBAPP_TRUSTED_PROXIES="10.0.0.7")
    Script(app).get("/healthz", headers={"X-Forwarded-For": "198.51.100.1", "traceparent": PARENT})
    Script(app).get("/healthz", headers={"X-Forwarded-For": "198.51.100.1", "traceparent": PARENT[:-1] + "0"})
    sent(app)
    (span,) = collector.spans()
    assert (span["traceId"], span["parentSpanId"]) == (PARENT[3:35], PARENT[36:52])


@pytest.mark.parametrize(
    "header",
    [PARENT, "00-" + "0" * 32 + PARENT[35:], "ff" + PARENT[2:], "x" * 4000, PARENT.upper(), PARENT + "-more"],
)
def test_a_client_cannot_choose_the_trace(traced, collector, header):
    app = traced(WEBAPP_TRUSTED_PROXIES="10.9.9.9" if header == PARENT else "10.0.0.7")
    Script(app).get("/healthz", headers={"X-Forwarded-For": "198.51.100.1", "traceparent": header})
    sent(app)
    (span,) = collector.spans()
    assert "parentSpanId" not in span
    assert span["traceId"] != PARENT[3:35]


def test_a_fault_is_an_error_and_a_refusal_is_none():
    spans = {status: traces.span(RequestRecord("GET", "", status), "", "", 1) for status in (200, 404, 500, 503)}
    assert [spans[status]["status"] for status in (200, 404, 500, 503)] == [{}, {}, {"code": 2}, {"code": 2}]


def test_a_share_of_the_requests_is_sent(collector):
    exporter = TraceExporter(collector.url, "", 10, version="1.0")
    exporter._has_started = True
    for _ in range(1000):
        exporter(RequestRecord("GET", "10.0.0.1"))
    assert 40 < len(exporter._waiting) < 200


def test_the_thread_sends_by_itself_and_what_is_left_at_the_end(collector, monkeypatch):
    monkeypatch.setattr(traces, "INTERVAL", 0.05)
    exporter = TraceExporter(collector.url + "/otlp/", "", 100, version="1.0")
    exporter(RequestRecord("GET", "10.0.0.1"))
    until = time.monotonic() + 20
    while not collector.received and time.monotonic() < until:
        time.sleep(0.01)
    monkeypatch.setattr(traces, "INTERVAL", 60.0)
    exporter(RequestRecord("POST", "10.0.0.1"))
    exporter.stop()
    assert exporter.join(20)
    assert [span["name"] for span in collector.spans()] == ["GET", "POST"]
    assert collector.received[0][0] == "/otlp/v1/traces"


def test_a_collector_that_is_down_costs_no_memory_and_one_line_of_the_log(logged):
    exporter = TraceExporter(f"http://127.0.0.1:{free_port()}", "", 100, version="1.0")
    exporter._has_started = True
    for _ in range(MOST_WAITING + 100):
        exporter(RequestRecord("GET", "10.0.0.1"))
    assert len(exporter._waiting) == MOST_WAITING
    exporter.flush()
    exporter.flush()
    assert logged().count("traces not sent") == 1


def test_a_collector_that_refuses_is_one_line_until_it_accepts_again(collector, logged):
    exporter = TraceExporter(collector.url, "", 100, version="1.0")
    exporter._has_started = True
    for status in (500, 500, 200, 500):
        collector.status = status
        exporter(RequestRecord("GET", "10.0.0.1"))
        exporter.flush()
    assert logged().count("traces not sent") == 2


@pytest.mark.parametrize(
    "url", ["collector:4318", "ftp://collector", "http://", "http://me:secret@collector", "http://c?x"]
)
def test_a_wrong_url_stops_the_start(tmp_path, url):
    with pytest.raises(SettingsError, match="WEBAPP_TRACES_URL") as refused:
        Settings(secret_key=SECRET, instance=tmp_path, traces_url=url)
    assert "secret@" not in str(refused.value)


def test_a_percentage_is_at_most_100(tmp_path):
    with pytest.raises(SettingsError, match="WEBAPP_TRACES_PERCENT"):
        Settings(secret_key=SECRET, instance=tmp_path, traces_percent=101)
