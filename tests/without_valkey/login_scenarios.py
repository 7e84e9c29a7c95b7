"""Logins in all ways, and confirming who one is."""

from tests import factories
from tests.browser import Person
from tests.mfa import passkey_ceremonies
from tests.script import Script
from tests.second_factors import is_in, with_app
from tests.without_valkey.scenarios import counts
from tests.without_valkey.site import Site
from webapp.accounts.familiarity import Familiarity
from webapp.core.ratelimit import Limiter
from webapp.login.client_familiarity import user_key
from webapp.login.second_step import IN_A_ROW
from webapp.web.registry import services_of

WRONG = "wrong wrong wrong"
PASSWORD_LIMITS = "login-network login-network-undecided login-name login-name-undecided login-account"
CODE_LIMITS = "code-network code-account code-row code-total code-notice"


@counts("POST /login", limits=f"{PASSWORD_LIMITS} throttle-noted")
def wrong_passwords_are_limited_and_the_right_one_opens(site: Site) -> None:
    factories.user(site.app, "bea")
    statuses = [site.anybody().log_in("bea", WRONG).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]
    person = site.anybody()
    person.log_in("ada")
    assert is_in(person)


@counts("POST /api/auth", limits=f"{PASSWORD_LIMITS} throttle-noted")
def a_script_logs_in(site: Site) -> None:
    def tried(name: str, password: str) -> int:
        body = {"username": name, "password": password}
        return Script(site.app, ip_address="192.0.2.9").post("/api/auth", json=body).status_code

    assert [tried("bea", WRONG) for _ in range(4)] == [401, 401, 401, 429]
    assert tried("ada", factories.PASSWORD) == 200


@counts("POST /confirm", limits=f"{PASSWORD_LIMITS} throttle-noted")
def a_password_confirms(site: Site) -> None:
    person = site.logged_in()
    person.open("/confirm")
    assert person.press("Confirm", password=WRONG).status_code == 422
    assert person.press("Confirm", password=factories.PASSWORD).status_code == 200
    person.open("/confirm")
    assert [person.press("Confirm", password=WRONG).status_code for _ in range(4)] == [422, 422, 422, 429]


@counts("POST /login/second-step", limits=f"{CODE_LIMITS} code-row-network code-row-browser")
def wrong_codes_are_counted_and_the_right_one_opens(site: Site) -> None:
    totp, person = with_app(site.app, site.ada), site.half_logged_in()
    assert person.press("Continue", code="000000").status_code == 422
    assert person.press("Continue", code=totp.code()).request.path == "/dashboard"
    # From now on this browser is known, and so are others of this network.
    person.press("Log out")
    for known in (person, Person(site.app, ip_address=person.ip_address)):
        assert site.half_logged_in(known).press("Continue", code="000000").status_code == 422
    assert site.half_logged_in().press("Continue", code="000000").status_code == 422


@counts("POST /login/second-step", limits=f"{CODE_LIMITS} code-locked-notice throttle-noted")
def codes_are_locked_after_many_wrong_ones_in_a_row(site: Site) -> None:
    totp, person = with_app(site.app, site.ada), site.half_logged_in()
    assert person.press("Continue", code="000000").status_code == 422
    limiter, in_a_row = services_of(site.app).get(Limiter), IN_A_ROW[Familiarity.UNKNOWN]
    for _ in range(in_a_row.amount):
        limiter.take(in_a_row, user_key(site.ada))
    assert person.press("Continue", code=totp.code()).status_code == 429


@counts("POST /confirm", limits="code-network code-notice")
def a_code_confirms(site: Site) -> None:
    totp, person = with_app(site.app, site.ada), site.half_logged_in()
    person.press("Continue", code=totp.code())
    person.open("/confirm")
    assert person.press("Confirm", code="000000").status_code == 422
    assert person.press("Confirm", code=totp.code()).status_code == 200


@counts("POST /login/passkey", limits="code-network spent-challenge")
def a_passkey_logs_in(site: Site) -> None:
    ceremony = passkey_ceremonies.login(site.app, site.ada)
    assert ceremony.send().request.path == "/dashboard"


@counts("POST /login/second-step", limits="code-network spent-challenge")
def a_passkey_is_the_second_step(site: Site) -> None:
    ceremony = passkey_ceremonies.second_step(site.app, site.ada)
    site.forget_login()
    assert ceremony.send().request.path == "/dashboard"


@counts("POST /confirm", limits="code-network spent-challenge")
def a_passkey_confirms(site: Site) -> None:
    ceremony = passkey_ceremonies.confirm(site.app, site.ada)
    assert ceremony.send().status_code == 200
