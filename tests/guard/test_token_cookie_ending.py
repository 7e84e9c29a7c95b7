"""The end of a token in a cookie: its own, a logout, another login."""

from datetime import timedelta

import pytest
import time_machine

from tests.browser import Person
from tests.guard.cookie_browsers import CSRF, GOOD, TOKEN, jar
from tests.script import Script
from tests.tables import account, contents
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials import lifecycle as credentials
from webapp.tokens import script_logins
from webapp.web.registry import services_of


def test_an_invalid_token_cookie_is_refused_and_deleted_so_the_session_is_used_next(browser):
    person = browser(cookie="bad", session="good")
    answer = person.ask("GET", "/protected", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")
    assert jar(person, TOKEN) is jar(person, CSRF) is None
    assert person.ask("GET", "/protected", headers={"Accept": "*/*"}).json["username"] == "boss"


def test_the_token_cookie_expires_with_the_token(site):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        person = Person(site)
        person.ask("POST", "/api/auth", json=GOOD)
        clock.shift(3601)
        sent = {"Cookie": f"{TOKEN}={jar(person, TOKEN) or ''}"}
        assert Script(site).get("/protected", headers=sent).status_code == 401


def test_a_logout_revokes_the_token_and_every_copy(site, page):
    copy = {"Cookie": f"{TOKEN}={jar(page, TOKEN)}"}
    assert page.ask("POST", "/api/auth/logout", headers={"Accept": "*/*"}).json["code"] == "csrf_failed"
    assert page.ask("GET", "/protected").status_code == 200
    sent = {"X-CSRF-Token": jar(page, CSRF)}
    assert page.ask("POST", "/api/auth/logout", headers=sent).status_code == 204
    assert jar(page, TOKEN) is jar(page, CSRF) is None
    assert Script(site).get("/protected", headers=copy).json["code"] == "token_revoked"
    with services_of(site).get(Database).read() as db:
        assert credentials.live(db, account(site, "ada").id, "refresh") == []


def test_a_logout_deletes_the_token_cookie_last_for_curl(page):
    answer = page.ask("POST", "/api/auth/logout", headers={"X-CSRF-Token": jar(page, CSRF)})
    assert [cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")] == [CSRF, TOKEN]


def test_a_login_by_token_cookie_is_listed_has_no_refresh_and_ends_with_its_token(site):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        Person(site).ask("POST", "/api/auth", json=GOOD)
        assert not [row for row in contents(site)["refresh_token"] if row]
        (login,) = logins(site)
        assert (login.refreshes, login.token_expires_at) == (False, now() + timedelta(hours=1))
        clock.shift(3601)
        assert logins(site) == []


def logins(site):
    with services_of(site).get(Database).read() as db:
        return script_logins.live(db, account(site, "ada").id)


@pytest.mark.parametrize("cookie", ["nonsense", "", "a.b.c", "x" * 4000, "ÿ"])
def test_a_logout_without_a_valid_token_only_deletes_the_cookie(site, cookie):
    sent = {"Cookie": f"{TOKEN}={cookie}"}
    assert Script(site).post("/api/auth/logout", headers=sent).status_code == 204


def test_a_login_or_logout_by_page_deletes_the_token_cookie(page):
    page.log_in("grace")
    assert jar(page, TOKEN) is None
    assert page.ask("GET", "/protected", headers={"Accept": "*/*"}).json["username"] == "grace"
    page.ask("POST", "/api/auth", json=GOOD)
    page.open("/logout")
    page.press("Log out")
    assert jar(page, TOKEN) is None
