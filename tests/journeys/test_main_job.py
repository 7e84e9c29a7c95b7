"""The main job, from the setup link to the refusal of a revoked token."""

import re

from flask import Flask

from tests.browser import Person
from tests.factories import PASSWORD
from tests.script import Script
from webapp.accounts import one_time_links
from webapp.accounts.registration import SETUP
from webapp.core.db import Database
from webapp.web.registry import services_of


def test_from_the_setup_link_to_a_script_with_a_revoked_token(app: Flask) -> None:
    with services_of(app).get(Database).write() as db:
        secret = one_time_links.create(db, SETUP, app.permanent_session_lifetime)
    person = Person(app)
    person.open(f"/setup/{secret}")
    person.press("Create account", username="mara", email="mara@example.org", password=PASSWORD)
    assert person.page.request.path == "/dashboard"
    assert "mara" in person.page.text

    person.open("/tokens/new?scopes=profile:read&name=laptop")
    shown = person.press("Create token")
    assert shown.status_code == 201
    token = re.search(r"eyJ[\w.-]+", shown.text)
    assert token
    script = Script(app, token[0])
    answer = script.get("/dashboard")
    assert answer.status_code == 200
    assert answer.json["username"] == "mara"
    assert answer.json["credential"] == "token"

    person.open("/tokens")
    person.follow("laptop")
    person.follow("Revoke")
    person.press("Revoke laptop")
    refused = script.get("/dashboard")
    assert refused.status_code == 401
    assert refused.json["code"] == "token_revoked"

    copied = person.cookie
    person.open("/dashboard")
    person.press("Log out")
    thief = Person(app)
    thief.client.set_cookie("session", copied)
    assert thief.open("/dashboard").request.path == "/login"
