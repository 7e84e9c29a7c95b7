"""Where a second factor or a passkey is demanded of a role; who has none is led to it."""

import re

import pytest

from tests import factories
from tests.browser import Person
from tests.passkey import Authenticator
from tests.second_factors import JSON, NAMED, App, passkey_login, register, with_app, with_passkey
from webapp.core.db import Database
from webapp.web.registry import services_of

NEEDED = "/account/security/second-factor"


@pytest.mark.parametrize("path", ["/dashboard", "/admin", "/tokens", "/tokens/new", "/account", "/account/security"])
def test_an_admin_without_a_second_factor_must_set_one_up_first(strict, admin, path):
    person = Person(strict)
    assert person.log_in("mara").request.path == NEEDED
    assert person.open(path).request.path == NEEDED
    answer = person.ask("GET", path, headers=JSON)
    assert (answer.status_code, answer.json["code"], answer.json["required"]) == (401, "mfa_required", ["aal2"])
    assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]
    assert 'acr_values="aal2"' in answer.headers["WWW-Authenticate"]


def test_after_the_setup_the_requested_page_opens(strict, admin):
    person = Person(strict)
    person.open("/login?next=/admin")
    person.press("Log in", username="mara", password=factories.PASSWORD)
    person.follow("Set up an app")
    mine = App(re.search(r"secret=([A-Z2-7]+)", person.page.text)[1])
    person.press("Turn on", code=mine.code())
    person.press("Create 10 codes")
    assert person.follow("I've saved them").request.path == "/admin"


def test_logging_out_is_always_possible(strict, admin):
    person = Person(strict)
    person.log_in("mara")
    assert person.press("Log out").request.path == "/login"


def test_other_users_need_no_second_factor(strict):
    factories.user(strict, "ada")
    assert Person(strict).log_in("ada").request.path == "/dashboard"


def test_a_new_requirement_applies_to_existing_sessions(make_app):
    lax, strict = make_app(**NAMED), make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="user")
    factories.user(lax, "ada")
    person = Person(lax)
    person.log_in("ada")
    other = Person(strict)
    other.client.set_cookie("session", person.cookie)
    assert other.open("/dashboard").request.path == NEEDED


def test_a_new_admin_needs_a_second_factor_on_the_next_request(strict):
    user = factories.user(strict, "ada")
    person = Person(strict)
    person.log_in("ada")
    with services_of(strict).get(Database).write() as db:
        db.get_one(type(user), user.id).role = "admin"
    assert person.open("/dashboard").request.path == NEEDED


def test_the_only_second_factor_of_an_admin_cannot_be_removed(strict, admin):
    mine, person = with_app(strict, admin), Person(strict)
    person.log_in("mara")
    person.press("Continue", code=mine.code())
    assert "your only one" in person.open("/account/security").text
    assert "your only one" in person.open("/account/security/totp/remove").text
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    assert person.ask("POST", "/account/security/totp/remove", data={"csrf_token": token}).status_code == 409


def test_a_trusted_browser_does_not_replace_a_required_second_factor(make_app):
    app = make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="admin", WEBAPP_TRUST_BROWSERS="true")
    mine, person = with_app(app, factories.user(app, "mara", role="admin")), Person(app)
    person.log_in("mara")
    assert "Trust this browser" not in person.page.text
    person.press("Continue", code=mine.code(), trust="y")
    person.open("/logout")
    person.press("Log out")
    assert person.log_in("mara").request.path == "/login/second-step"


@pytest.fixture
def strictest(make_app):
    return make_app(**NAMED, WEBAPP_PASSKEY_FOR="admin")


def test_where_a_passkey_is_required_a_code_is_not_enough(strictest):
    mara = factories.user(strictest, "mara", role="admin")
    mine, person = with_app(strictest, mara), Person(strictest)
    person.log_in("mara")
    answer = person.press("Continue", code=mine.code())
    assert (answer.request.path, "Set up a passkey" in answer.text) == (NEEDED, True)
    assert 'acr_values="phr"' in person.ask("GET", "/admin", headers=JSON).headers["WWW-Authenticate"]
    register(person, Authenticator())
    assert person.open("/admin").status_code == 200


def test_a_passkey_satisfies_the_requirement_at_once(strictest):
    device, person = with_passkey(strictest, factories.user(strictest, "mara", role="admin")), Person(strictest)
    passkey_login(person, device)
    assert person.open("/admin").status_code == 200
