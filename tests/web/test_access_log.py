"""The access log: a line of JSON a request, with its route instead of its path, and nothing secret."""

import json
import re

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from webapp.accounts import lifecycle
from webapp.web.access_log import AccessLog
from webapp.web.request_observer import RequestRecord

FIELDS = ["at", "level", "event", "request_id", "method", "route", "status", "ms", "ip_address"]
FIELDS += ["user_id", "credential_id"]


@pytest.fixture
def lines(capfd):
    """The lines of requests that were written since the last call."""

    def read():
        written = capfd.readouterr().err.splitlines()
        return [json.loads(line) for line in written if line.startswith("{")]

    return read


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_ACCESS_LOG="true")


def test_by_default_requests_are_not_logged_and_nothing_is_measured(make_app, lines):
    app = make_app()
    Script(app).get("/healthz")
    assert lines() == []
    assert type(app.wsgi_app).__name__ != "RequestObserver"


def test_a_line_has_the_pattern_of_the_route_and_who_sent_it(app, user, lines):
    issued = factories.api_token(app, user, "tokens:read")
    Script(app, issued.token).get(f"/tokens/{issued.entry.id}")
    (line,) = lines()
    assert list(line) == FIELDS
    assert (line["event"], line["method"], line["status"]) == ("request", "GET", 200)
    assert line["route"] == "/tokens/<uuid:token_id>"
    assert (line["user_id"], line["credential_id"]) == (str(user.id), str(issued.entry.id))
    assert line["ip_address"] == "10.0.0.7"
    assert 0 < line["ms"] < 60_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["at"])


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "route"),
    [
        pytest.param("GET", "/protected", {}, 401, "/protected", id="refused by the guard"),
        pytest.param("GET", "/nowhere/private", {}, 404, None, id="no such page"),
        pytest.param("POST", "/healthz", {}, 405, None, id="another method"),
        pytest.param("GET", "/healthz?" + "private" * 2000, {}, 414, None, id="refused before the routes"),
        pytest.param("GET", "/healthz", {"X": "private" * 2000}, 431, None, id="headers too large"),
        pytest.param("GET", "/api/auth?private=1", {}, 405, None, id="with a query"),
        pytest.param("OPTIONS", "/protected", {}, 200, "/protected", id="options"),
        pytest.param("HEAD", "/healthz", {}, 200, "/healthz", id="head"),
        pytest.param("BREW" * 100, "/healthz", {}, 405, None, id="a long word for a method"),
    ],
)
def test_each_kind_of_request_is_one_line(app, lines, method, path, headers, status, route):
    Script(app).call(method, path, headers=headers)
    found = [line for line in lines() if line["event"] == "request"]
    assert [(line["status"], line["route"]) for line in found] == [(status, route)]
    assert "private" not in json.dumps(found)
    assert len(found[0]["method"]) <= 20


def test_a_request_that_fails_is_logged_with_its_status(app, lines):
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    Script(app).get("/broken")
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert (line["status"], line["route"]) == (403, "/broken")


def test_a_credential_that_has_ended_is_named(app, user, database, lines):
    issued = factories.api_token(app, user)
    with database.write() as db:
        lifecycle.disable_account(db, user.id)
    Script(app, issued.token).get("/protected")
    line = next(line for line in lines() if line["event"] == "request")
    assert (line["status"], line["credential_id"]) == (401, str(issued.entry.id))


def test_the_id_is_that_of_the_response(app, lines):
    problem = Script(app).get("/protected").json
    line = next(line for line in lines() if line["event"] == "request")
    assert problem["instance"] == f"urn:uuid:{line['request_id']}"


def test_no_secret_is_in_the_access_log(app, user, capfd):
    person = Person(app)
    person.open("/login?next=/dashboard%3Fprivate")
    person.press("Log in", username="ada", password=factories.PASSWORD)
    issued = factories.api_token(app, user, "tokens:read")
    Script(app, issued.token).get("/protected?token=" + issued.token)
    Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD})
    written = capfd.readouterr().err
    assert written.count('"event":"request"') >= 4
    for secret in (factories.PASSWORD, issued.token[-30:], person.cookie[:30], "next=", "private", "?"):
        assert secret not in written


def test_a_trusted_proxy_is_not_the_client(make_app, lines):
    app = make_app(WEBAPP_ACCESS_LOG="true", WEBAPP_TRUSTED_PROXIES="10.0.0.7")
    Script(app).get("/healthz", headers={"X-Forwarded-For": "198.51.100.4"})
    assert [line["ip_address"] for line in lines()] == ["198.51.100.4"]


def test_a_log_that_cannot_be_written_fails_no_request(tmp_path):
    (tmp_path / "log").touch()
    with (tmp_path / "log").open() as read_only:
        AccessLog(read_only.fileno())(RequestRecord("GET", "10.0.0.1"))
