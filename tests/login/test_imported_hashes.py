"""Users whose password hash another program made: they log in everywhere, and are not told apart from unknown names."""

from datetime import timedelta

import pytest

from tests import factories
from tests.accounts.foreign_hashes import HASHES, PASSWORD, SALT, by_passlib
from tests.browser import Person
from tests.login.test_user_enumeration import Clock
from tests.script import Script
from webapp.accounts import foreign_hashes, passwords, user_queries
from webapp.accounts.foreign_hashes import checked_hash
from webapp.accounts.models import User
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database
from webapp.core.fair_slots import FairSlots
from webapp.web.registry import services_of

WRONG = "not the password of anybody"
BCRYPT = HASHES["bcrypt 2b"]
OF_COST_12 = "$2b$12$" + BCRYPT[7:]


@pytest.fixture
def site(make_app):
    return make_app(WEBAPP_FLASK_SECURITY_PASSWORD_SALT=SALT)


def imported(app, hashed=BCRYPT, name="ada"):
    made = factories.user(app, name)
    with services_of(app).get(Database).write() as db:
        db.get_one(User, made.id).password_hash = checked_hash(hashed)
    return made


def stored(app, name="ada"):
    with services_of(app).get(Database).read() as db:
        user = user_queries.by_name_or_email(db, name)
        return user.password_hash, user.password_hash_cost


def by_page(app, password):
    person = Person(app)
    person.log_in("ada", password)
    return person.open("/account/security").request.path == "/account/security"


def by_script(app, password):
    answer = Script(app).post("/api/auth", json={"username": "ada", "password": password})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def by_address(app, password):
    answer = Script(app).post("/api/auth", json={"username": "ada@example.org", "password": password})
    return answer.status_code == 200


def by_confirmation(app, password):
    person = Person(app)
    assert person.log_in("ada", PASSWORD).status_code == 200
    with services_of(app).get(Database).write() as db:
        db.query(User).filter_by(username="ada").one().password_hash = BCRYPT
    person.open("/confirm")
    return person.press("Confirm", password=password).status_code == 200


WAYS = {"login page": by_page, "/api/auth": by_script, "e-mail address": by_address, "confirmation": by_confirmation}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_login_accepts_an_imported_password_and_no_other(site, way):
    imported(site)
    assert not way(site, WRONG)
    assert way(site, PASSWORD)


@pytest.mark.parametrize("hashed", HASHES.values(), ids=HASHES)
def test_the_first_right_password_replaces_the_hash_and_keeps_working(site, hashed):
    imported(site, hashed)
    assert not by_script(site, WRONG)
    assert stored(site)[0] == checked_hash(hashed)
    assert by_script(site, PASSWORD)
    assert stored(site)[0].startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert stored(site)[1] is None
    assert not by_script(site, WRONG)
    assert by_script(site, PASSWORD)


def test_a_disabled_user_with_an_imported_hash_cannot_log_in(site):
    user = imported(site)
    with services_of(site).get(Database).write() as db:
        db.get_one(User, user.id).disabled_at = user.created_at
    assert not by_script(site, PASSWORD)
    assert stored(site)[0] == BCRYPT


def test_an_imported_hash_takes_one_of_the_hashing_places(site):
    imported(site)
    services_of(site).get(Passwords)._places = FairSlots(0)
    assert Script(site).post("/api/auth", json={"username": "ada", "password": PASSWORD}).status_code == 503


def test_a_hash_of_flask_security_without_its_salt_is_a_wrong_password(make_app):
    app = make_app()
    imported(app, HASHES["Flask-Security argon2"])
    assert not by_script(app, PASSWORD)


WHO = {
    "imported": "ada",
    "imported, quick to check": "bob",
    "made here": "eve",
    "unknown": "zoltan",
    "imported, and compared in no time": "kim",
}


@pytest.fixture
def mixed(site):
    imported(site, OF_COST_12)
    imported(site, HASHES["htpasswd apr1"], "bob")
    imported(site, HASHES["LDAP SSHA"], "kim")
    factories.user(site, "eve")
    return site


@pytest.mark.parametrize("speed", [1.0, 1.9, 20.0], ids=["this machine", "a slower one", "a busy one"])
def test_a_refusal_takes_the_same_time_for_every_user(mixed, monkeypatch, speed):
    """Time passes only while somebody compares a hash or waits."""
    site, clock = services_of(mixed).get(Passwords), Clock()
    site.response_interval = passwords.RESPONSE_INTERVAL
    monkeypatch.setattr("webapp.accounts.passwords.time", clock)
    monkeypatch.setattr("webapp.login.flow.time", clock)
    site.hasher = clock.taking(0.025 * speed)

    def matches(password, hashed, *, signing_key):
        clock.sleep((foreign_hashes.cost_of(hashed) or 0) / 1000 * speed)
        return False

    monkeypatch.setattr(foreign_hashes, "matches", matches)
    took = {}
    for name, who in WHO.items():
        began = clock.now
        assert Script(mixed).post("/api/auth", json={"username": who, "password": WRONG}).status_code == 401
        took[name] = round(clock.now - began, 3)
    assert len(set(took.values())) == 1, took
    assert 0.6 <= took["unknown"] <= 1.2 * speed


def test_the_interval_is_that_of_the_site_again_when_the_last_hash_was_replaced(mixed):
    with services_of(mixed).get(Database).write() as db:
        assert user_queries.slowest_imported_hash(db) == OF_COST_12
        for user in db.query(User):
            user.password_hash = factories.HASHED
    with services_of(mixed).get(Database).read() as db:
        assert user_queries.slowest_imported_hash(db) is None
    assert services_of(mixed).get(Passwords).interval(0) == timedelta()


def test_a_right_password_is_not_delayed(mixed):
    services_of(mixed).get(Passwords).response_interval = timedelta(hours=1)
    imported(mixed, by_passlib("sha256_crypt", rounds=1000), "joe")
    assert Script(mixed).post("/api/auth", json={"username": "joe", "password": PASSWORD}).status_code == 200
