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


def test_a_login_with_a_passkey_redirects_to_next(app, device):
    person = Person(app)
    person.open("/login?next=/tokens")
    assert touch(person, device, OPTIONS).request.path == "/tokens"
    assert events(app, "session.started")[-1]["details"].count("hwk user") == 1


def test_the_name_field_offers_passkeys_and_the_page_says_that_they_need_javascript(visitor):
    page = visitor.open("/login").text
    assert 'autocomplete="username webauthn"' in page
    assert "Passkeys need JavaScript" in page


def test_a_login_by_passkey_can_be_remembered(app, device):
    person = Person(app)
    person.open("/login")
    page = person.page
    answer = device.show(options(person, OPTIONS))
    person.page = page
    person.press("Use a passkey", response=answer, remember="y")
    found = person.ask("GET", "/account/sessions", headers=JSON).json["sessions"][0]
    assert found["remembered"]


def test_a_script_with_a_cookie_can_log_in_with_a_passkey(app, device):
    person = Person(app)
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    answer = device.show(options(person, OPTIONS))
    found = person.ask("POST", OPTIONS, json={"response": answer}, headers=JSON | {"X-CSRF-Token": token})
    assert found.json["username"] == "ada"


def test_a_user_without_a_password_logs_in_only_with_the_passkey(app, user, device):
    with services_of(app).get(Database).write() as db:
        db.get_one(type(user), user.id).password_hash = ""
    assert Person(app).log_in("ada", "").status_code == 422
    assert passkey_login(Person(app), device).request.path == "/dashboard"


def test_a_site_whose_host_is_an_ip_address_offers_no_passkeys(make_app):
    app = make_app(WEBAPP_BASE_URL="http://127.0.0.1:8000")
    factories.user(app, "ada")
    person = Person(app)
    assert "Use a passkey" not in person.open("/login").text
    assert person.ask("GET", OPTIONS, headers=JSON).status_code == 404
    person.log_in("ada")
    assert "is used with an IP address" in person.open("/account/security/passkeys/new").text


def test_a_right_passkey_does_not_count_against_the_network(app, device):
    for _ in range(2):
        assert passkey_login(Person(app), device).request.path == "/dashboard"
    limiter, by_network = services_of(app).get(Limiter), services_of(app).get(SecondStep).by_network
    assert limiter.peek(by_network, network_of(Person(app).ip_address)).remaining == by_network.amount
