"""Results that are cached between requests equal those that Flask computes each time."""

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder

from webapp.web.application import MAX_HOSTS, Application

FACTS = "server_name", "script_name", "subdomain", "url_scheme", "path_info", "default_method", "websocket"

HOSTS = [
    pytest.param({"HTTP_HOST": "tokens.example.org"}, id="a host"),
    pytest.param({"HTTP_HOST": "Tokens.Example.ORG:8000"}, id="capitals and a port"),
    pytest.param({"HTTP_HOST": "tokens.example.org:80"}, id="the port of the scheme"),
    pytest.param({"HTTP_HOST": "tokens.example.org:443", "wsgi.url_scheme": "https"}, id="the port of https"),
    pytest.param({"HTTP_HOST": "[2001:db8::1]:8000"}, id="IPv6"),
    pytest.param({"HTTP_HOST": None, "SERVER_NAME": "10.0.0.1", "SERVER_PORT": "8000"}, id="HTTP/1.0 names no host"),
    pytest.param({"HTTP_HOST": None, "SERVER_NAME": None}, id="nobody names a host"),
    pytest.param({"HTTP_HOST": None, "SERVER_PORT": None}, id="a socket without a port"),
    pytest.param({"HTTP_HOST": "xn--mnchen-3ya.example"}, id="a host in IDNA"),
    pytest.param({"HTTP_HOST": "münchen.example"}, id="a host that is not ASCII"),
    pytest.param({"HTTP_HOST": "evil.example/@tokens.example.org"}, id="a host with a path"),
    pytest.param({"HTTP_HOST": "a..b"}, id="a host with an empty label"),
    pytest.param({"HTTP_HOST": "x" * 64 + ".example"}, id="a label that is too long"),
    pytest.param({"HTTP_HOST": ""}, id="an empty host"),
    pytest.param({"SCRIPT_NAME": "/site"}, id="below a path"),
    pytest.param({"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "keep-alive, Upgrade"}, id="a web socket"),
    pytest.param({"HTTP_UPGRADE": "h2c", "HTTP_CONNECTION": "Upgrade"}, id="another upgrade"),
]
REQUESTS = [
    pytest.param({"PATH_INFO": "/b", "QUERY_STRING": "c=%20d&e", "REQUEST_METHOD": "POST"}, id="a query"),
    pytest.param({"PATH_INFO": ""}, id="no path"),
    pytest.param({"PATH_INFO": None, "QUERY_STRING": None}, id="neither path nor query"),
    pytest.param({"PATH_INFO": "//evil.example//"}, id="many slashes"),
    pytest.param(
        {"PATH_INFO": "/grün".encode().decode("latin1"), "QUERY_STRING": "ü".encode().decode("latin1")}, id="UTF-8"
    ),
    pytest.param({"PATH_INFO": "/\xff\xfe", "QUERY_STRING": "\xff"}, id="no text"),
]


def environ(*changes):
    asked = EnvironBuilder("/a").get_environ()
    for change in changes:
        asked |= change
    return {name: value for name, value in asked.items() if value is not None}


def seen(app, environ):
    request = app.request_class(environ)
    try:
        adapter = app.create_url_adapter(request)
    except HTTPException as error:
        return type(error)
    # No query and an empty one are the same to whoever reads it.
    return request.host, adapter.query_args or "", *(getattr(adapter, fact) for fact in FACTS)


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_is_read_as_flask_reads_it_also_when_cached(host, request_):
    ours, flasks = Application("ours"), Flask("flask's")
    first, second = environ(host), environ(host, request_)
    assert [seen(ours, first), seen(ours, second)] == [seen(flasks, first), seen(flasks, second)]


def test_a_host_is_refused_again_once_others_are_trusted():
    app = Application("ours")
    asked = environ({"HTTP_HOST": "evil.example"})
    assert seen(app, asked)[0] == "evil.example"
    app.config["TRUSTED_HOSTS"] = ["tokens.example.org"]
    assert seen(app, asked) is seen(app, environ({"HTTP_HOST": "worse.example"}))


def test_many_different_hosts_do_not_fill_memory():
    app = Application("ours")
    for number in range(3 * MAX_HOSTS):
        seen(app, environ({"HTTP_HOST": f"host{number}.example"}))
        assert len(app._adapters) <= MAX_HOSTS


@pytest.mark.parametrize("endpoint", ["static", "site.home", "outer.inner.page", None])
def test_a_route_has_the_same_blueprints_as_in_flask(endpoint):
    ours, flasks = Application("ours").request_class(environ()), Flask("flask's").request_class(environ())
    if endpoint is not None:
        ours.url_rule = flasks.url_rule = Rule("/", endpoint=endpoint)
    assert ours.blueprints == flasks.blueprints
