"""An authenticator app is set up and taken away: what it takes, what it ends, who is told."""

import re
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.second_factors import (
    JSON,
    SECURITY,
    App,
    amr_of,
    is_in,
    offered,
    with_app,
)
from tests.tables import contents, events
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mfa import factors
from webapp.web.registry import services_of


def second_browser(app) -> Person:
    person = Person(app, ip_address="198.51.100.7")
    person.log_in("ada")
    return person


def test_an_app_is_set_up_by_its_first_code_and_required_at_the_next_login(app, person):
    mine = offered(person)
    page = person.press("Turn on", code=mine.code())
    assert page.request.path == f"{SECURITY}/recovery-codes"
    assert amr_of(app, person) == "password and code"
    other = Person(app)
    assert other.log_in("ada").request.path == "/login/second-step"


def test_the_page_shows_the_secret_in_groups_and_as_a_qr_code_with_alt_text(person):
    page = person.open(f"{SECURITY}/totp").text
    assert re.search(r'<pre class="code">([A-Z2-7]{4} ){7}[A-Z2-7]{4}</pre>', page)
    assert 'aria-label="QR code' in page
    assert 'style="' not in page


def test_the_secret_is_not_stored_before_its_first_code(app, person):
    before = contents(app)
    assert person.open(f"{SECURITY}/totp").headers["Cache-Control"] == "no-store"
    assert contents(app) == before


def test_after_a_wrong_code_the_page_has_the_same_secret(app, person):
    mine = offered(person)
    answer = person.press("Turn on", code="000000")
    assert (answer.status_code, mine.seed in answer.text) == (422, True)
    assert person.press("Turn on", code=mine.code()).status_code == 200


def test_of_two_tabs_that_set_up_an_app_at_once_one_is_refused(app, person):
    first = offered(person)
    tab = person.page
    second = offered(person)
    person.press("Turn on", code=second.code())
    person.page = tab
    assert person.press("Turn on", code=first.code()).status_code == 409


@pytest.mark.parametrize("sealed_seed", ["", "x", "x" * 1001, "AAAA", "é"])
def test_a_secret_that_this_site_did_not_show_is_refused(app, person, sealed_seed):
    mine = offered(person)
    assert person.press("Turn on", code=mine.code(), encrypted_seed=sealed_seed).status_code == 422
    assert not events(app, "factor.added")


def test_a_secret_that_was_shown_to_another_user_is_refused(app, person):
    factories.user(app, "eve")
    other = Person(app)
    other.log_in("eve")
    theirs = offered(other)
    sealed_seed = re.search(r'name="encrypted_seed" type="hidden" value="([^"]+)"', other.page.text)[1]
    offered(person)
    assert person.press("Turn on", code=theirs.code(), encrypted_seed=sealed_seed).status_code == 422


def test_a_secret_can_be_confirmed_for_fifteen_minutes(app, person):
    with time_machine.travel(now(), tick=False) as clock:
        mine = offered(person)
        clock.shift(timedelta(minutes=15, seconds=2))
        person.open("/account/activity")
        answer = person.ask("GET", f"{SECURITY}/totp")
        assert answer.status_code == 303  # the proof is older than ten minutes
        assert mine.seed


def test_a_script_can_set_up_an_app_at_the_same_url(person):
    offer = person.ask("GET", f"{SECURITY}/totp", headers=JSON).json
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    sent = {"code": App(offer["secret"]).code(), "encrypted_seed": offer["encrypted_seed"]}
    answer = person.ask("POST", f"{SECURITY}/totp", json=sent, headers=JSON | {"X-CSRF-Token": token})
    assert answer.status_code == 204


def test_a_token_cannot_change_second_factors(script):
    for method, path in (("GET", "totp"), ("POST", "totp"), ("POST", "recovery-codes"), ("POST", "passkeys/new")):
        assert script.call(method, f"{SECURITY}/{path}", json={}).status_code == 403


def test_a_new_factor_ends_other_sessions_as_page_and_mail_say(app, person):
    other = second_browser(app)
    mine = offered(person)
    assert "Your other devices are logged out and your script logins end" in person.page.text
    person.press("Turn on", code=mine.code())
    assert (is_in(person), is_in(other)) == (True, False)
    assert "authenticator app was added" in next(m.text for m in mails(app) if m.kind == "factors_changed")


def test_not_me_removes_factors_that_were_added_since(app, user, person):
    mine = offered(person)
    person.press("Turn on", code=mine.code())
    link = next(m.text for m in mails(app) if m.kind == "factors_changed")
    owner = Person(app)
    owner.open(re.search(r"(/not-me/\S+)", link)[1])
    owner.press("Secure my account")
    with services_of(app).get(Database).read() as db:
        assert not factors.of(db, user.id).has_second
    assert not is_in(person)


def test_the_app_can_be_removed_after_a_fresh_code(app, user):
    mine = with_app(app, user)
    person = Person(app)
    person.log_in("ada")
    person.press("Continue", code=mine.code())
    person.open(SECURITY)
    person.follow("Remove app")
    person.press("Remove the authenticator app")
    assert Person(app).log_in("ada").request.path == "/dashboard"
    assert len(events(app, "factor.removed")) == 1


@pytest.fixture
def trusted(make_app, user):
    """Ada at a browser that she trusts, logged in with her password alone."""
    app = make_app(WEBAPP_BASE_URL="http://localhost", WEBAPP_TRUST_BROWSERS="true")
    mine, person = with_app(app, user), Person(app)
    person.log_in("ada")
    person.press("Continue", code=mine.code(), trust="y")
    person.open("/logout")
    person.press("Log out")
    person.log_in("ada")
    return person, mine


def test_a_fresh_password_alone_cannot_change_factors(trusted):
    person, mine = trusted
    assert person.open(f"{SECURITY}/totp/remove").request.path == "/confirm"
    assert 'name="password"' not in person.page.text
    assert "Remove the authenticator app?" in person.press("Confirm", code=mine.code()).text


def test_a_form_that_removes_a_factor_is_kept_during_the_step_up(app, trusted):
    person, mine = trusted
    person.open("/account/activity")
    answer = person.ask("POST", f"{SECURITY}/totp/remove", data={"csrf_token": person.csrf_token})
    assert answer.status_code == 401
    assert 'acr_values="aal2"' in answer.headers["WWW-Authenticate"]
    person.press("Confirm", code=mine.code())
    person.press("Send form")
    assert len(events(app, "factor.removed")) == 1
