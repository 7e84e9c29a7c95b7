"""Limits on the head of a request, before anything of it is parsed."""

import pytest
from flask import request
from sqlalchemy import select
from werkzeug.test import create_environ, run_wsgi_app

from tests import factories
from tests.browser import Person
from tests.script import Script
from webapp.sessions.models import BrowserSession
from webapp.web.request_head import LARGEST_HEADERS, LONGEST_URL, LONGEST_USER_AGENT, METHODS

SENT_ANYWAY = 300
"""More than the headers that the client adds."""


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"User-Agent": "x" * LARGEST_HEADERS}, id="a long User-Agent"),
        pytest.param({"Cookie": "a=" + "x" * LARGEST_HEADERS}, id="a long cookie"),
        pytest.param({"Authorization": "Bearer " + "x" * LARGEST_HEADERS}, id="a long token"),
        pytest.param({"DPoP": "x" * LARGEST_HEADERS}, id="a long proof"),
        pytest.param({"X-Forwarded-For": "1," * (LARGEST_HEADERS // 2)}, id="a long chain of proxies"),
        pytest.param({"Accept": "a/b," * (LARGEST_HEADERS // 4)}, id="many kinds of content"),
        pytest.param({"Content-Type": "a/b;" + "x" * LARGEST_HEADERS}, id="a long Content-Type"),
        pytest.param({"X-" + "x" * LARGEST_HEADERS: "1"}, id="a long name"),
        pytest.param({f"X-{number}": "x" * 100 for number in range(90)}, id="many headers"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/public"), ("POST", "/api/auth"), ("GET", "/nowhere")])
def test_headers_of_more_than_eight_kilobytes_are_refused(app, method, path, headers):
    answer = Script(app).call(method, path, headers=headers)
    assert (answer.status_code, answer.mimetype) == (431, "application/problem+json")
    assert answer.json["title"] == "The headers are too large"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert Script(app).get(answer.json["type"].removeprefix("http://localhost:8000")).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("/public?" + "x" * (LONGEST_URL - len("/public") + 1), id="a long query"),
        pytest.param("/" + "x" * LONGEST_URL, id="a long path"),
        pytest.param("/login?next=/" + "x" * LONGEST_URL, id="a long path to go to"),
    ],
)
def test_a_url_of_more_than_eight_kilobytes_is_refused(app, method, url):
    answer = Script(app).call(method, url)
    assert (answer.status_code, answer.mimetype) == (414, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
    if method != "HEAD":
        assert answer.json["title"] == "The URL is too long"
        assert Script(app).get(answer.json["type"].removeprefix("http://localhost:8000")).status_code == 200


@pytest.mark.parametrize("length", [3000, LONGEST_URL - len("/public")])
def test_a_url_of_eight_kilobytes_is_read(app, length):
    assert Script(app).get("/public?" + "x" * length).status_code == 200


def test_headers_of_slightly_less_than_eight_kilobytes_are_read(app):
    headers = {"X-Padding": "x" * (LARGEST_HEADERS - SENT_ANYWAY)}
    assert Script(app).get("/public", headers=headers).status_code == 200


def test_a_long_user_agent_is_cut_before_it_is_parsed_or_stored(app, user):
    seen = []
    app.before_request(lambda: seen.append(len(request.headers["User-Agent"])))
    Person(app, user_agent="Version/" + "1" * 6000).log_in("ada")
    assert set(seen) == {LONGEST_USER_AGENT}
    with factories.database_of(app).read() as db:
        assert all(len(found.user_agent) <= LONGEST_USER_AGENT for found in db.scalars(select(BrowserSession)))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param({"REQUEST_METHOD": "get"}, 501, id="a method in small letters"),
        pytest.param({"REQUEST_METHOD": "Get"}, 501, id="a method with a small letter"),
        pytest.param({"HTTP_HOST": "a.example,b.example"}, 400, id="two hosts"),
        pytest.param({"HTTP_HOST": None}, 400, id="no host"),
        pytest.param({"HTTP_HOST": None, "SERVER_PROTOCOL": "HTTP/1.0"}, 200, id="no host in HTTP/1.0"),
        pytest.param({"HTTP_HOST": ""}, 400, id="no host, as granian passes it"),
        pytest.param(
            {"HTTP_HOST": "", "SERVER_PROTOCOL": "HTTP/1.0"}, 200, id="no host in HTTP/1.0, as granian passes it"
        ),
        pytest.param({"HTTP_HOST": "a b"}, 400, id="a host with a space"),
        pytest.param({"HTTP_HOST": "evil.example/x"}, 400, id="a host with a path"),
        pytest.param({"HTTP_HOST": "ada@evil.example"}, 400, id="a host with a user"),
        pytest.param({"HTTP_HOST": "a\xe4.example"}, 400, id="a host that is not ASCII"),
        pytest.param({"HTTP_HOST": "a/b", "SERVER_PROTOCOL": "HTTP/1.0"}, 400, id="a host with a path in HTTP/1.0"),
        pytest.param({"HTTP_HOST": "[::1"}, 400, id="an IPv6 host without its end"),
        pytest.param({"HTTP_HOST": "::1"}, 400, id="an IPv6 host without brackets"),
        pytest.param({"HTTP_HOST": "[]"}, 400, id="empty brackets"),
        pytest.param({"HTTP_HOST": "[::1]a"}, 400, id="more after the brackets"),
        pytest.param({"HTTP_HOST": "a[b]"}, 400, id="brackets inside"),
        pytest.param({"HTTP_HOST": ":"}, 400, id="a colon alone"),
        pytest.param({"HTTP_HOST": ":80"}, 400, id="a port alone"),
        pytest.param({"HTTP_HOST": "a:b"}, 400, id="a port that is no number"),
        pytest.param({"HTTP_HOST": "a:80:80"}, 400, id="two ports"),
        pytest.param({"HTTP_HOST": "a:123456"}, 400, id="a port of six digits"),
        pytest.param({"HTTP_HOST": "a:"}, 200, id="an empty port, which RFC 3986 allows"),
        pytest.param({"HTTP_HOST": "[::1]:8000"}, 200, id="an IPv6 host with a port"),
        pytest.param({"HTTP_HOST": "my_site.example:80"}, 200, id="a host with an underscore"),
        pytest.param({"HTTP_TRANSFER_ENCODING": "gzip"}, 501, id="another coding"),
        pytest.param({"HTTP_TRANSFER_ENCODING": "gzip, chunked"}, 501, id="two codings"),
        pytest.param({"HTTP_TRANSFER_ENCODING": "chunked,chunked"}, 501, id="chunked twice"),
        pytest.param({"HTTP_TRANSFER_ENCODING": ""}, 501, id="an empty coding"),
        pytest.param({"HTTP_TRANSFER_ENCODING": "chunked"}, 200, id="chunked"),
    ],
)
def test_an_invalid_request_head_is_refused(app, changed, status):
    environ = {name: value for name, value in (create_environ("/public") | changed).items() if value is not None}
    assert run_wsgi_app(app.wsgi_app, environ)[1].startswith(str(status))


def test_options_asterisk_lists_the_methods(app):
    environ = create_environ("/public", method="OPTIONS") | {"PATH_INFO": "*"}
    _, status, headers = run_wsgi_app(app.wsgi_app, environ)
    assert (status, headers["Allow"]) == ("204 No Content", METHODS)
