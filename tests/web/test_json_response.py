"""A JSON answer goes out as Werkzeug would send it, whatever is done to it before."""

import pytest
from flask import Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from webapp.web.negotiation import as_json


def with_cookie(response):
    response.set_cookie("seen", "1")


def with_location(response):
    response.headers["Location"] = "/made/1"


def without_content(response):
    response.status_code = 204


def not_modified(response):
    response.status_code = 304


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", [200, 201, 404])
@pytest.mark.parametrize("change", [lambda _: None, with_cookie, with_location, without_content, not_modified])
def test_a_json_response_is_sent_like_one_of_werkzeug(method, status, change):
    ours, plain = as_json({"a": "ä"}, status=status), Response('{"a":"ä"}', status, content_type="application/json")
    environ = EnvironBuilder("/a", method=method).get_environ()
    sent = []
    for response in (ours, plain):
        change(response)
        body, status_line, headers = run_wsgi_app(response, environ)
        sent.append((b"".join(body), status_line, sorted(headers)))
    assert sent[0] == sent[1]


def test_callbacks_of_a_json_response_run_when_it_is_closed():
    response, done = as_json({}), []
    response.call_on_close(lambda: done.append("flushed"))
    body, _, _ = response.get_wsgi_response(EnvironBuilder("/a").get_environ())
    assert (list(body), done) == ([b"{}"], [])
    body.close()
    assert done == ["flushed"]
