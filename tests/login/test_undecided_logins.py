"""Attempts whose password is being compared do not count as wrong, and allow no more guesses."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import factories
from tests.login.test_right_logins import FEW, OFFICE, tries_of_network
from tests.login.wrong_passwords import WRONG, attempt
from webapp.accounts import user_queries
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database
from webapp.web.registry import services_of


class Held:
    """argon2 that compares when it is let go."""

    def __init__(self):
        self.go, self.here = threading.Event(), threading.Semaphore(0)

    def verify(self, hashed, password):
        self.here.release()
        assert self.go.wait(30)
        return factories.QUICK.verify(hashed, password)

    def check_needs_rehash(self, hashed):
        return False


def held(make_app):
    app = make_app(WEBAPP_HASHES_AT_ONCE="30", WEBAPP_THREADS="80", **FEW)
    factories.user(app, "ada")
    hasher = services_of(app).get(Passwords).hasher = Held()
    return app, hasher


def in_flight(at_once, app, hasher, names, password=factories.PASSWORD, ip_address=OFFICE):
    """Tries whose passwords are being compared."""
    tries = [at_once.submit(attempt, app, name, password, ip_address) for name in names]
    for _ in names:
        assert hasher.here.acquire(timeout=30)
    return tries


@pytest.mark.parametrize(
    ("names", "refused"),
    [
        pytest.param(["ada"] * 4, "ada", id="as many of one account as it has tries"),
        pytest.param(["nobody"] * 4, "nobody", id="of a name that nobody has"),
        pytest.param([f"name{n}" for n in range(5)], "ada", id="as many of one network as it has tries"),
    ],
)
@pytest.mark.parametrize("where", ["same process", "another process"])
def test_while_passwords_are_compared_the_next_is_told_to_come_back_in_a_second(make_app, names, refused, where):
    app, hasher = held(make_app)
    next_app = app if where == "same process" else make_app(**FEW)
    with ThreadPoolExecutor(8) as at_once:
        tries = in_flight(at_once, app, hasher, names)
        before = tries_of_network(app)
        again = [attempt(next_app, refused, factories.PASSWORD, OFFICE) for _ in range(3)]
        assert {(answer.status_code, answer.headers.get("Retry-After")) for answer in again} == {(429, "1")}
        assert "few seconds" in again[0].json["detail"]
        assert tries_of_network(app) == before, "what was not compared does not count"
        hasher.go.set()
    is_known = names[0] == "ada"
    assert {done.result().status_code for done in tries} == {200 if is_known else 401}
    answer = attempt(next_app, refused, factories.PASSWORD, OFFICE)
    assert answer.status_code == (200 if is_known else 429)
    assert is_known or int(answer.headers["Retry-After"]) > 800


def test_right_passwords_by_both_names_of_an_account_are_right_however_many_are_compared_at_once(make_app):
    app, hasher = held(make_app)
    with ThreadPoolExecutor(8) as at_once:
        first = in_flight(at_once, app, hasher, ["ada"] * 2 + ["ada@example.org"] * 2)
        later = services_of(app).get(Passwords).hasher = Held()
        more = in_flight(at_once, app, later, ["ada", "ada@example.org"], ip_address="198.51.100.7")
        hasher.go.set()
        assert [done.result().status_code for done in first] == [200] * 4
        later.go.set()
    assert [done.result().status_code for done in more] == [200] * 2
    assert tries_of_network(app) == 0


@pytest.mark.parametrize("where", ["same process", "another process"])
def test_behind_as_many_wrong_passwords_as_an_account_has_tries_the_right_one_is_not_heard(make_app, where):
    """Else tries at once, under both names, would be more guesses than tries one after the other."""
    app, hasher = held(make_app)
    next_app = app if where == "same process" else make_app(**FEW)
    with ThreadPoolExecutor(8) as at_once:
        wrong = in_flight(at_once, app, hasher, ["ada"] * 4, WRONG)
        hasher.go.set()
        right = attempt(next_app, "ada@example.org", factories.PASSWORD, OFFICE)
    assert {done.result().status_code for done in wrong} == {401}
    assert right.status_code == 401
    assert right.json["detail"] == wrong[0].result().json["detail"]


def test_many_wrong_passwords_at_once_are_as_many_guesses_as_one_after_the_other(make_app):
    """Counted in the log of those that were compared: each is a failure that locks the account in the end."""
    apps = [make_app(WEBAPP_HASHES_AT_ONCE="30", WEBAPP_THREADS="80", WEBAPP_LOGIN_TRIES_PER_ACCOUNT="4") for _ in "12"]
    factories.user(apps[0], "ada")

    def guess(number):
        name = ("ada", "ada@example.org")[number % 2]
        return attempt(apps[number // 2 % 2], name, WRONG, f"198.51.100.{number}").status_code

    with ThreadPoolExecutor(12) as at_once:
        found = list(at_once.map(guess, range(40)))
    assert found.count(401) <= 8
    with services_of(apps[0]).get(Database).read() as db:
        assert user_queries.by_name_or_email(db, "ada").failed_logins == 4
    assert attempt(apps[0], "ada@example.org", factories.PASSWORD, "192.0.2.1").status_code == 429


def test_logins_that_renew_a_hash_at_once_are_all_right(make_app):
    app, hasher = held(make_app)
    hasher.check_needs_rehash, hasher.hash = lambda _: True, factories.QUICK.hash
    with ThreadPoolExecutor(8) as at_once:
        tries = in_flight(at_once, app, hasher, ["ada"] * 4)
        hasher.go.set()
    assert [done.result().status_code for done in tries] == [200] * 4
