"""Tracebacks in the browser: in debug mode, and only to who is on the same machine."""

import pytest

from tests.guard.example_routes import add
from webapp.guard.require import public_to_scripts
from webapp.testing import HTML, JSON

LOCAL = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"}


@pytest.fixture
def failing(make_app):
    def view() -> str:
        raise ZeroDivisionError("<b>a secret</b>")

    return add(make_app(), "/boom", public_to_scripts(view))


def answer(app, environ, **headers):
    return app.test_client().get("/boom", environ_overrides=LOCAL | environ, headers=HTML | headers)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HTTP_HOST": "localhost:8000"},
        {"HTTP_HOST": "127.0.0.1:8000"},
        {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"},
    ],
    ids=str,
)
def test_a_developer_on_this_machine_sees_the_traceback(failing, environ):
    failing.debug = True
    shown = answer(failing, environ)
    assert (shown.status_code, shown.mimetype) == (500, "text/plain")
    assert "ZeroDivisionError: <b>a secret</b>" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("environ", "debug"),
    [
        ({}, False),
        ({"REMOTE_ADDR": "10.0.0.7"}, True),
        ({"REMOTE_ADDR": ""}, True),
        ({"HTTP_HOST": "evil.example"}, True),
        ({"HTTP_HOST": "127.0.0.1.evil.example"}, True),
        ({"HTTP_HOST": "localhost@evil.example"}, True),
        ({"HTTP_HOST": ""}, True),
        *(
            ({name: "127.0.0.1"}, True)
            for name in ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP")
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("accept", [HTML, JSON], ids=["page", "script"])
def test_nobody_else_does(failing, environ, debug, accept):
    failing.debug = debug
    shown = answer(failing, environ, **accept)
    assert shown.status_code in (400, 500)
    assert "ZeroDivisionError" not in shown.text
    assert "a secret" not in shown.text
