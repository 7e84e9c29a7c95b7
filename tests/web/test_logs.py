"""Log lines: one per event, input cannot forge a line, and no secrets."""

import json
import logging
import sys

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from webapp.web.logs import JsonLine, TextLine


def record(words="token.minted", **fields):
    made = logging.LogRecord("webapp", logging.INFO, __file__, 1, words, None, None)
    made.fields = fields
    return made


@pytest.mark.parametrize("formatter", [TextLine(), JsonLine()])
@pytest.mark.parametrize("typed", ["a\nb", "a\r\nINFO forged", "\x1b[31m", "\u2028", "\0", '"} {"'])
def test_user_input_cannot_start_a_new_log_line(formatter, typed):
    assert len(formatter.format(record(name=typed)).splitlines()) == 1


def test_a_json_log_line_can_be_parsed():
    line = json.loads(JsonLine().format(record(name="laptop", scopes=["a"])))
    assert (line["event"], line["level"], line["name"], line["scopes"]) == ("token.minted", "info", "laptop", ["a"])


def test_times_in_the_log_have_a_time_zone():
    assert json.loads(JsonLine().format(record()))["at"].endswith("+00:00")


def test_an_error_is_logged_with_its_location():
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        made = record("unhandled error")
        made.exc_info = sys.exc_info()
    for written in (TextLine().format(made), json.loads(JsonLine().format(made))["fault"]):
        assert 'raise RuntimeError("boom")' in written
        assert written.endswith("\nRuntimeError")


def test_no_secret_is_ever_logged(app, user, logged, capfd):
    person = Person(app)
    person.open("/login")
    person.press("Log in", username="ada", password="wrong horse battery staple")
    person.press("Log in", username="ada", password=factories.PASSWORD)
    csrf = person.open("/tokens/new") and person.csrf_token
    shown = person.press("Create token", name="laptop", scopes="profile:read", expires_in="604800").text
    token = shown[shown.index("eyJ") :].split("<")[0].split("\n")[0]
    Script(app, token).get("/dashboard?email=private@example.org")
    Script(app, token).get("/protected")
    Script(app, token + "x").get("/protected")
    body = {"username": "ada", "password": factories.PASSWORD}
    other = Script(app).post("/api/auth", json=body).json["access_token"]
    cookie = person.cookie
    person.open("/logout")
    person.press("Log out")
    written = logged() + "".join(capfd.readouterr())
    assert "session.started" in written
    for secret in (
        factories.PASSWORD,
        "wrong horse",
        token[-40:],
        other[-40:],
        cookie[:40],
        csrf,
        "private@example.org",
    ):
        assert secret not in written


def test_log_lines_of_a_request_have_the_request_id_of_its_response(app, user, logged):
    token = factories.api_token(app, user, "profile:read").token
    number = Script(app, token).get("/protected").json["instance"].removeprefix("urn:uuid:")
    assert f'request_id="{number}"' in logged()
