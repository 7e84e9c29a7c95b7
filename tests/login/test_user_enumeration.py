"""Unknown and known accounts get the same responses, at the same cost."""

import math
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from markupsafe import escape

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database
from webapp.core.ratelimit import Limiter
from webapp.web.registry import services_of

WHO = {
    "a known name": {"username": "ada"},
    "an unknown name": {"username": "zoltan"},
    "a known address": {"username": "ada@example.org"},
    "an unknown address": {"username": "zoltan@example.org"},
    "a disabled user": {"username": "gone"},
}


@dataclass
class Watched:
    """argon2, and what was asked of it."""

    asked: list = field(default_factory=list)

    def verify(self, hashed, password):
        self.asked.append((hashed.rsplit("$", 2)[0], password))
        return factories.QUICK.verify(hashed, password)

    def check_needs_rehash(self, hashed):
        return False


class Clock:
    """Time that passes only while somebody hashes or sleeps."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def taking(self, seconds):
        clock = self

        class Hasher(Watched):
            def verify(self, hashed, password):
                clock.sleep(seconds)
                return super().verify(hashed, password)

        return Hasher()


@pytest.fixture
def site(app):
    factories.user(app, "ada")
    gone = factories.user(app, "gone")
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, db.get_one(User, gone.id))
    services_of(app).get(Passwords)._nobodys = factories.HASHED
    return app


def by_page(app, who, password):
    person = Person(app)
    person.open("/login")
    answer = person.press("Log in", **who, password=password)
    words = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)
    return answer.status_code, words.replace(who["username"], "NAME"), headers_of(answer)


def by_json(app, who, password):
    answer = Script(app).post("/api/auth", json=who | {"password": password})
    return answer.status_code, re.sub(r"urn:uuid:[0-9a-f-]+", "", answer.text), headers_of(answer)


def headers_of(answer):
    return {name: value for name, value in answer.headers if name not in ("Set-Cookie", "Content-Length")}


@pytest.mark.parametrize("ask", [by_page, by_json])
def test_a_wrong_password_gets_the_same_answer_for_every_name(site, ask):
    answers = {name: ask(site, who, "not the password") for name, who in WHO.items()}
    assert len({str(answer) for answer in answers.values()}) == 1, answers


@pytest.mark.parametrize("ask", [by_page, by_json])
def test_a_disabled_user_with_the_right_password_gets_the_answer_of_a_wrong_one(site, ask):
    assert ask(site, WHO["a disabled user"], factories.PASSWORD) == ask(site, WHO["an unknown name"], "x" * 20)


@pytest.mark.parametrize("who", WHO.values(), ids=WHO)
@pytest.mark.parametrize("password", ["not the password", factories.PASSWORD, "x", "x" * 1000])
def test_every_attempt_costs_exactly_one_hash_of_the_same_cost(site, who, password):
    services_of(site).get(Passwords).hasher = watched = Watched()
    by_json(site, who, password)
    assert [price for price, _ in watched.asked] == [factories.HASHED.rsplit("$", 2)[0]]


def test_the_hash_for_unknown_names_has_the_same_cost(make_app):
    passwords = Passwords(2, 15)
    assert passwords._nobodys.rsplit("$", 2)[0] == passwords.hash("x").rsplit("$", 2)[0]
    assert "m=19456,t=2,p=1" in passwords._nobodys


def test_a_password_of_a_megabyte_is_not_hashed(site):
    services_of(site).get(Passwords).hasher = watched = Watched()
    by_json(site, WHO["a known name"], "x" * 60_000)
    assert [len(password) for _, password in watched.asked] == [0]


def test_no_transaction_is_open_while_a_password_is_hashed(site):
    """A writer would wait for argon2."""

    class Writing(Watched):
        def verify(self, hashed, password):
            with ThreadPoolExecutor(1) as other:
                other.submit(factories.user, site, "grace").result(timeout=30)
            return super().verify(hashed, password)

    services_of(site).get(Passwords).hasher = Writing()
    assert by_json(site, WHO["a known name"], factories.PASSWORD)[0] == 200


@pytest.mark.parametrize("path", ["/login", "/api/auth"])
@pytest.mark.parametrize("action", ["disable", "set_password"])
def test_a_login_during_a_change_of_its_account_is_refused(site, path, action):
    class Overtaken(Watched):
        def verify(self, hashed, password):
            with services_of(site).get(Database).write() as db:
                ada = db.query(User).filter_by(username="ada").one()
                lifecycle.disable(db, ada) if action == "disable" else lifecycle.set_password(db, ada, "another")
            return super().verify(hashed, password)

    person = Person(site)
    token = person.ask("GET", "/login", headers={"Accept": "*/*"}).json["csrf_token"]
    before = contents(site)["credential"]
    services_of(site).get(Passwords).hasher = Overtaken()
    body = {"username": "ada", "password": factories.PASSWORD}
    answer = person.ask("POST", path, json=body, headers={"Accept": "*/*", "X-CSRF-Token": token})
    assert (answer.status_code, answer.json["code"]) == (401, "credentials_invalid")
    assert contents(site)["credential"] == before


def test_a_hash_of_lower_cost_is_replaced_at_the_next_login(site):
    class Dearer(Watched):
        def check_needs_rehash(self, hashed):
            return not hashed.endswith("anew")

        def hash(self, password):
            return f"{factories.HASHED}anew"

    services_of(site).get(Passwords).hasher = Dearer()
    by_json(site, WHO["a known name"], factories.PASSWORD)
    assert "anew" in str(contents(site)["user"])


def test_replacing_a_hash_never_restores_an_old_password(site):
    class Overtaken(Watched):
        def check_needs_rehash(self, hashed):
            return True

        def hash(self, password):
            with services_of(site).get(Database).write() as db:
                lifecycle.set_password(db, db.query(User).filter_by(username="ada").one(), "the new one")
            return "the old one"

    services_of(site).get(Passwords).hasher = Overtaken()
    assert by_json(site, WHO["a known name"], factories.PASSWORD)[0] == 401
    assert "the old one" not in str(contents(site)["user"])


def test_more_logins_than_can_be_hashed_get_503(site):
    tables, places = contents(site), services_of(site).get(Passwords)._places
    with ExitStack() as held:
        for _ in range(places.capacity):
            held.enter_context(places.hold(None))
        answer = Script(site).post("/api/auth", json=WHO["a known name"] | {"password": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert services_of(site).get(Limiter).entries() == []
    assert contents(site) == tables


@pytest.mark.parametrize(
    "name",
    [
        *("ada\u200b", "аda", "ada.", "a\u0301da", "ada%", "a_a", "*", "ada\\", "ada;--", "ada\u202e", "x" * 1000),
        *("' OR 1=1 --", "<script>alert(1)</script>", "{{ 7*7 }}", "%s", "${x}", "../ada", "\ufdfa" * 500),
        "ada@example.org@evil.example",
    ],
)
def test_a_look_alike_of_a_name_is_unknown(site, name):
    answer = Script(site).post("/api/auth", json={"username": name, "password": factories.PASSWORD})
    assert answer.status_code == 401


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "'onfocus=alert(1) x='", "&lt;b&gt;"])
def test_a_name_is_escaped_on_the_page(site, name):
    person = Person(site)
    person.open("/login")
    answer = person.press("Log in", username=name, password="x")
    assert answer.status_code == 422
    assert f'value="{escape(name)}"' in answer.text


@pytest.mark.parametrize("who", WHO.values(), ids=WHO)
def test_a_refusal_is_sent_at_an_interval_however_long_it_took(site, who, monkeypatch):
    passwords, clock = services_of(site).get(Passwords), Clock()
    passwords.response_interval = timedelta(milliseconds=50)
    monkeypatch.setattr("webapp.accounts.passwords.time", clock)
    monkeypatch.setattr("webapp.login.flow.time", clock)
    for took in (0.031, 0.049, 0.0515, 0.4201):
        passwords.hasher, begun = clock.taking(took), clock.now
        by_json(site, who, "not the password")
        assert (clock.now - begun) / 0.05 == pytest.approx(math.ceil(took / 0.05))


def test_a_successful_login_is_not_delayed(site, monkeypatch):
    services_of(site).get(Passwords).response_interval = timedelta(hours=1)
    assert by_json(site, WHO["a known name"], factories.PASSWORD)[0] == 200
