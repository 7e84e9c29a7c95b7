"""A secret is shown once and kept as a digest, or not kept at all: what a thief of the database has."""

import re

import pytest
from flask import session

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import everything
from webapp.accounts import one_time_links
from webapp.accounts.registration import SETUP
from webapp.core.db import Database
from webapp.web.registry import services_of


@pytest.fixture
def day(app, instance, user):
    """A day of ordinary use; every secret that there was, by its name."""
    with services_of(app).get(Database).write() as db:
        link = one_time_links.create(db, SETUP, app.permanent_session_lifetime)
    person = Person(app)
    person.log_in("ada", remember="y")
    with app.test_request_context(headers={"Cookie": f"session={person.cookie}"}):
        secret, csrf = session["_user_id"], session.get("csrf_token")
    person.open("/tokens/new")
    token = re.search(r"eyJ[\w.-]+", person.press("Create token", name="laptop", scopes="profile:read").text)[0]
    Script(app, token).get("/dashboard")
    body = {"username": "ada", "password": factories.PASSWORD}
    answer = Script(app).post("/api/auth", json=body).json
    other, refresh = answer["access_token"], answer["refresh_token"]
    successor = Script(app).post("/api/auth/refresh", json={"refresh_token": refresh}).json["refresh_token"]
    person.open("/login")
    Person(app).log_in("ada", "a wrong password, typed by hand")
    known = person.client.get_cookie("known").value
    return {
        "password": factories.PASSWORD,
        "wrong password": "a wrong password, typed by hand",
        "session secret": secret,
        "cookie": person.cookie,
        "known browser": known,
        "token": token,
        "signature of the token": token.rpartition(".")[2],
        "token of the API": other.rpartition(".")[2],
        "refresh token": refresh.removeprefix("lkr_"),
        "its successor": successor.removeprefix("lkr_"),
        "setup link": link,
        "key of the cookies": app.secret_key,
    } | ({"csrf": csrf} if csrf else {})


def test_no_secret_is_in_any_table_or_in_the_database_file(day, instance):
    kept = everything(instance / "latchkey.db")
    assert "ada" in kept
    assert [name for name, secret in day.items() if secret in kept] == []


def test_a_password_is_stored_as_argon2id(app, user):
    assert user.password_hash.startswith("$argon2id$")


def test_a_token_is_never_in_a_url(app, person):
    person.open("/tokens/new")
    shown = person.press("Create token", name="laptop", scopes="profile:read")
    token = re.search(r"eyJ[\w.-]+", shown.text)[0]
    assert token not in shown.headers["Location"]
    assert not re.search(rf'(href|src|action)="[^"]*{re.escape(token)}', shown.text)
