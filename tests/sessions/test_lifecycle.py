"""How long a session lasts, and what ends it: with the next request, in every process."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database
from webapp.credentials import lifecycle as credentials
from webapp.credentials.models import Credential
from webapp.web.registry import services_of

NOON = "2026-11-22T12:00:00Z"
SECOND = timedelta(seconds=1)


def is_in(person):
    return person.ask("GET", "/protected", headers={"Accept": "*/*"}).status_code == 200


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def make_site(make_app):
    return lambda: make_app(WEBAPP_SESSION_IDLE="1h", WEBAPP_SESSION_LIFETIME="1d", WEBAPP_REMEMBER_LIFETIME="30d")


@pytest.fixture
def site(make_site):
    app = make_site()
    factories.user(app, "ada")
    return app


@pytest.fixture
def person(site, clock):
    person = Person(site)
    person.log_in("ada")
    return person


def test_a_session_ends_after_its_idle_time(person, clock):
    clock.shift(timedelta(hours=1) - SECOND)
    assert is_in(person)
    clock.shift(timedelta(hours=1))
    assert not is_in(person)


def test_a_used_session_stays_valid(person, clock):
    for _ in range(5):
        clock.shift(timedelta(minutes=50))
        assert is_in(person)


def test_a_session_ends_after_its_lifetime_however_often_it_is_used(person, clock):
    for _ in range(47):
        clock.shift(timedelta(minutes=30))
        assert is_in(person)
    clock.shift(timedelta(minutes=30))
    assert not is_in(person)


def test_a_remembered_session_has_a_lifetime_but_no_idle_time(site, clock):
    person = Person(site)
    person.log_in("ada", remember="y")
    clock.shift(timedelta(days=30) - SECOND)
    assert is_in(person)
    clock.shift(SECOND)
    assert not is_in(person)


@pytest.mark.parametrize(("fields", "is_kept"), [({}, False), ({"remember": "y"}, True)])
def test_the_cookie_outlives_the_browser_only_if_remembered(site, fields, is_kept):
    person = Person(site)
    person.log_in("ada", **fields)
    assert (person.client.get_cookie("session").expires is not None) == is_kept


def test_a_cookie_that_outlives_its_session_grants_no_access(site, clock):
    person = Person(site)
    person.log_in("ada")
    kept = person.cookie
    clock.shift(timedelta(days=400))
    thief = Person(site)
    thief.client.set_cookie("session", kept)
    assert not is_in(thief)


def in_another_process(make_site, person):
    """The same browser, answered by another process."""
    other = Person(make_site())
    other.client.set_cookie("session", person.cookie)
    return other


def change(app, action):
    with services_of(app).get(Database).write() as db:
        return action(db, db.query(User).filter_by(username="ada").one())


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(lifecycle.disable, id="disabling"),
        pytest.param(lambda db, user: lifecycle.set_password(db, user, "another"), id="a new password"),
        pytest.param(lambda db, user: db.delete(user), id="deleting"),
    ],
)
def test_ending_everything_applies_to_the_next_request_in_every_process(site, make_site, person, action):
    other = in_another_process(make_site, person)
    assert is_in(person)
    assert is_in(other)
    change(site, action)
    assert not is_in(person)
    assert not is_in(other)


@pytest.mark.parametrize("roles", [("admin", "user"), ("super_admin", "admin")])
def test_a_lost_role_applies_to_the_next_request_in_every_process(site, make_site, person, roles):
    former, now = roles
    factories.user(site, "boss", role="super_admin")
    change(site, lambda db, user: lifecycle.change_role(db, user, former))
    path = f"/protected/{former.replace('_', '-')}"
    other = in_another_process(make_site, person)
    with services_of(site).get(Database).read() as db:
        ada = db.query(User).filter_by(username="ada").one()
    token = factories.api_token(site, ada).token
    here = [person, other, Script(site, token), Script(other.app, token)]
    assert [status(who, path) for who in here] == [200] * 4
    change(site, lambda db, user: lifecycle.change_role(db, user, now))
    assert [status(who, path) for who in here] == [403] * 4
    change(site, lambda db, user: lifecycle.change_role(db, user, former))
    assert [status(who, path) for who in here] == [200] * 4


def status(who, path):
    ask = who.ask if isinstance(who, Person) else who.call
    return ask("GET", path, headers={"Accept": "*/*"}).status_code


def test_sessions_of_a_disabled_user_stay_ended_after_enabling(site, person):
    change(site, lifecycle.disable)
    change(site, lifecycle.enable)
    assert not is_in(person)


# Where one is logged in.


def sessions_of(person):
    return person.ask("GET", "/dashboard", headers={"Accept": "application/json"}).json["sessions"]


def end(person, session_id):
    token = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    return person.ask("POST", f"/account/sessions/{session_id}/end", headers=headers).status_code


def test_the_list_of_sessions_marks_the_current_one(site, person):
    Person(site, user_agent="curl/8.5.0").log_in("ada")
    found = sessions_of(person)
    assert sorted((entry["name"], entry["is_current"]) for entry in found) == [
        ("Firefox on Linux", True),
        ("curl", False),
    ]


def test_a_session_can_be_ended_from_another_browser(site, person):
    other = Person(site)
    other.log_in("ada")
    (elsewhere,) = [entry["id"] for entry in sessions_of(person) if not entry["is_current"]]
    assert end(person, elsewhere) == 204
    assert not is_in(other)
    assert is_in(person)


def test_ending_a_session_twice_is_404(site, person):
    Person(site).log_in("ada")
    (elsewhere,) = [entry["id"] for entry in sessions_of(person) if not entry["is_current"]]
    assert [end(person, elsewhere), end(person, elsewhere)] == [204, 404]


def test_the_session_of_another_user_is_404(site, person):
    factories.user(site, "grace")
    grace = Person(site)
    grace.log_in("grace")
    (hers,) = [entry["id"] for entry in sessions_of(grace)]
    before = contents(site)
    assert end(person, hers) == 404
    assert contents(site) == before
    assert is_in(grace)


def test_a_token_cannot_be_ended_as_a_session(site, person):
    with services_of(site).get(Database).read() as db:
        ada = db.query(User).filter_by(username="ada").one()
    issued = factories.api_token(site, ada)
    assert end(person, issued.entry.id) == 404
    assert Script(site, issued.token).get("/protected").status_code == 200


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/confirm", {"password": factories.PASSWORD}),
        ("/account/password", {"password": factories.PASSWORD, "new_password": "a quite new battery staple"}),
    ],
)
def test_a_session_ended_during_a_confirmation_is_not_renewed(site, person, path, sent, monkeypatch):
    compare = Passwords.verify

    def compared_slowly(passwords: Passwords, *args: object, **more: object) -> bool:
        with services_of(site).get(Database).write() as db:
            for user in db.scalars(select(User)):
                credentials.end_all(db, user.id, kind="session")
        return compare(passwords, *args, **more)

    person.open("/account/password")
    monkeypatch.setattr(Passwords, "verify", compared_slowly)
    headers = {"Accept": "application/json", "X-CSRF-Token": person.csrf_token}
    answer = person.ask("POST", path, json=sent, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "session_ended")
    assert not is_in(person)
    with services_of(site).get(Database).read() as db:
        assert not db.scalar(select(Credential).where(Credential.revoked_at.is_(None)))
