"""A script logs in with name and password: its owner is told of what is new, and of nothing else."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import contents
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of

HOME = "203.0.113.7"


@pytest.fixture
def seen(app, user):
    """Ada's script has been here, from her home."""
    log_in(app, HOME)
    log_in(app, HOME)


def log_in(app, ip_address=HOME, client="curl/8.5.0"):
    body = {"username": "ada", "password": factories.PASSWORD}
    return Script(app, ip_address=ip_address).post("/api/auth", json=body, headers={"User-Agent": client})


def login_mails(app):
    return [mail for mail in mails(app) if mail.kind == "new_script_login"]


def test_the_first_script_login_of_an_account_is_not_mailed(app, seen):
    assert login_mails(app) == []


@pytest.mark.parametrize(
    ("ip_address", "client"),
    [
        pytest.param(HOME, "curl/8.5.0", id="the same"),
        pytest.param(HOME, "curl/9.0.0", id="another version"),
    ],
)
def test_a_known_script_and_network_is_not_mailed(app, seen, ip_address, client):
    assert log_in(app, ip_address, client).status_code == 200
    assert login_mails(app) == []


@pytest.mark.parametrize(
    ("ip_address", "client"),
    [
        pytest.param("198.51.100.2", "curl/8.5.0", id="another address"),
        pytest.param(HOME, "python-requests/2.32.3", id="another client"),
        pytest.param(HOME, "", id="a client that says no name"),
    ],
)
def test_a_new_script_or_network_is_mailed_once(app, seen, ip_address, client):
    for _ in range(3):
        assert log_in(app, ip_address, client).status_code == 200
    (mail,) = login_mails(app)
    assert mail.to == "ada@example.org"
    assert ip_address in mail.text


def test_one_subscriber_with_many_ip_addresses_is_mailed_once(app, seen):
    for number in range(1, 4):
        log_in(app, f"2001:db8:1:2::{number}")
    assert len(login_mails(app)) == 1


def test_a_script_that_logs_in_every_hour_mails_nothing(app, seen):
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(48):
            assert log_in(app).status_code == 200
            clock.shift(timedelta(hours=1))
    assert login_mails(app) == []


def test_a_mail_has_only_the_name_from_the_user_agent(app, seen):
    log_in(app, client="call http://evil.example now")
    (mail,) = login_mails(app)
    assert "evil" not in mail.text + mail.html
    assert "a script" in mail.text


def test_the_link_of_the_mail_ends_the_login_without_logging_in(app, seen):
    token = Script(app, log_in(app, "198.51.100.2").json["access_token"])
    assert token.get("/protected").status_code == 200
    somebody = Person(app)
    assert "a login by a new script" in somebody.open(login_mails(app)[0].link).text
    somebody.press("Secure my account")
    assert token.get("/protected").status_code == 401


def test_a_script_login_is_counted_as_one(app, seen, user):
    with services_of(app).get(Database).read() as db:
        assert db.get_one(User, user.id).last_login_at is not None


def test_a_closed_account_gets_no_token_and_the_reason(app, user):
    with services_of(app).get(Database).write() as db:
        lifecycle.close(db, db.get_one(User, user.id))
    before = contents(app)
    answer = log_in(app)
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert answer.json["title"] == "This account is closed"
    assert "browser" in answer.json["detail"]
    assert contents(app) == before


def test_a_wrong_password_does_not_reveal_that_an_account_is_closed(app, user):
    with services_of(app).get(Database).write() as db:
        lifecycle.close(db, db.get_one(User, user.id))
    body = {"username": "ada", "password": "not the password"}
    assert Script(app).post("/api/auth", json=body).json["code"] == "credentials_invalid"
