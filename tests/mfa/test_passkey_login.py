"""Login by a passkey alone: whom it lets in, and where it is offered."""

import pytest

from tests import factories
from tests.browser import Person
from tests.passkey import Authenticator
from tests.second_factors import JSON, options, passkey_login, touch, with_passkey
from tests.tables import events
from webapp.core.client_network import network_of
from webapp.core.db import Database
from webapp.core.ratelimit import Limiter
from webapp.login.second_step import SecondStep
from webapp.web.registry import services_of

OPTIONS = "/login/passkey"


@pytest.fixture
def device(app, user) -> Authenticator:
    return with_passkey(app, user)


def test_a_passkey_lets_its_owner_in_and_leads_on(app, device):
    person = Person(app)
    person.open("/login?next=/tokens")
    assert touch(person, device, OPTIONS).request.path == "/tokens"
    assert events(app, "session.started")[-1]["details"].count("hwk user") == 1


def test_the_name_field_offers_passkeys_and_without_script_the_page_says_what_it_takes(stranger):
    page = stranger.open("/login").text
    assert 'autocomplete="username webauthn"' in page
    assert "Passkeys need JavaScript" in page


def test_the_login_by_passkey_may_be_remembered(app, device):
    person = Person(app)
    person.open("/login")
    page = person.page
    answer = device.show(options(person, OPTIONS))
    person.page = page
    person.press("Use a passkey", response=answer, remember="y")
    found = person.ask("GET", "/account/sessions", headers=JSON).json["sessions"][0]
    assert found["remembered"]


def test_a_script_with_a_cookie_does_the_same(app, device):
    person = Person(app)
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    answer = device.show(options(person, OPTIONS))
    found = person.ask("POST", OPTIONS, json={"response": answer}, headers=JSON | {"X-CSRF-Token": token})
    assert found.json["username"] == "ada"


def test_whoever_has_no_password_is_let_in_and_by_no_password(app, user, device):
    with services_of(app).get(Database).write() as db:
        db.get_one(type(user), user.id).password_hash = ""
    assert Person(app).log_in("ada", "").status_code == 422
    assert passkey_login(Person(app), device).request.path == "/dashboard"


def test_a_site_that_is_known_by_a_number_offers_no_passkeys_and_says_why(make_app):
    app = make_app(WEBAPP_BASE_URL="http://127.0.0.1:8000")
    factories.user(app, "ada")
    person = Person(app)
    assert "Use a passkey" not in person.open("/login").text
    assert person.ask("GET", OPTIONS, headers=JSON).status_code == 404
    person.log_in("ada")
    assert "is used with an IP address" in person.open("/account/security/passkeys/new").text


def test_a_right_passkey_gives_the_try_of_its_network_back(app, device):
    for _ in range(2):
        assert passkey_login(Person(app), device).request.path == "/dashboard"
    limiter, by_address = services_of(app).get(Limiter), services_of(app).get(SecondStep).by_address
    assert limiter.look(by_address, network_of(Person(app).address)).remaining == by_address.amount
