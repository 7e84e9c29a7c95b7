"""Setting second factors up and taking them away: what it takes, what it ends, who is told, and what has to stay."""

import re
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.letters import mails
from tests.passkey import Authenticator
from tests.second_factors import (
    App,
    amr_of,
    passkey_login,
    register,
    stored,
    touch,
    with_app,
    with_passkey,
    with_sheet,
)
from tests.tables import contents, events
from webapp.accounts import browsing
from webapp.kernel.clock import now
from webapp.mfa import factors

SECURITY = "/account/security"
JSON = {"Accept": "application/json"}


def is_in(person) -> bool:
    return person.ask("GET", "/protected").status_code == 200


def offered(person) -> App:
    """The app of somebody who has just scanned the picture."""
    secret = re.search(r"secret=([A-Z2-7]+)", person.open(f"{SECURITY}/totp").text)
    return App(secret[1])


def second_browser(app) -> Person:
    person = Person(app, address="198.51.100.7")
    person.log_in("ada")
    return person


# An authenticator app.


def test_an_app_is_set_up_by_its_first_code_and_the_next_login_asks_for_it(app, person):
    mine = offered(person)
    page = person.press("Turn it on", code=mine.code())
    assert page.request.path == f"{SECURITY}/recovery-codes"
    assert amr_of(app, person) == "password and code"
    other = Person(app)
    assert other.log_in("ada").request.path == "/login/second-step"


def test_the_page_shows_the_secret_in_groups_and_as_a_picture_that_says_what_it_is(person):
    page = person.open(f"{SECURITY}/totp").text
    assert re.search(r'<pre class="code">([A-Z2-7]{4} ){7}[A-Z2-7]{4}</pre>', page)
    assert 'aria-label="QR code' in page
    assert 'style="' not in page


def test_the_secret_is_in_no_table_before_its_first_code_and_no_cache_keeps_the_page(app, person):
    before = contents(app)
    assert person.open(f"{SECURITY}/totp").headers["Cache-Control"] == "no-store"
    assert contents(app) == before


def test_a_wrong_code_keeps_the_same_secret_on_the_page(app, person):
    mine = offered(person)
    answer = person.press("Turn it on", code="000000")
    assert (answer.status_code, mine.seed in answer.text) == (422, True)
    assert person.press("Turn it on", code=mine.code()).status_code == 200


def test_of_two_tabs_that_set_an_app_up_at_once_one_comes_too_late(app, person):
    first = offered(person)
    tab = person.page
    second = offered(person)
    person.press("Turn it on", code=second.code())
    person.page = tab
    assert (
        person.press("Turn it on", code=first.code()).status_code == 403
    )  # the page of a session that was proven anew
    sent = {"code": first.code(), "begun": re.search(r'name="begun" type="hidden" value="([^"]+)"', tab.text)[1]}
    person.open("/account/activity")
    answer = person.ask("POST", f"{SECURITY}/totp", data=sent | {"csrf_token": person.csrf_token})
    assert answer.status_code == 409


@pytest.mark.parametrize("begun", ["", "x", "x" * 1001, "AAAA", "é"])
def test_a_secret_that_this_house_did_not_show_is_refused(app, person, begun):
    mine = offered(person)
    assert person.press("Turn it on", code=mine.code(), begun=begun).status_code == 422
    assert not events(app, "factor.added")


def test_a_secret_that_was_shown_to_another_is_refused(app, person):
    factories.user(app, "eve")
    other = Person(app)
    other.log_in("eve")
    theirs = offered(other)
    begun = re.search(r'name="begun" type="hidden" value="([^"]+)"', other.page.text)[1]
    offered(person)
    assert person.press("Turn it on", code=theirs.code(), begun=begun).status_code == 422


def test_a_secret_waits_a_quarter_of_an_hour(app, person):
    with time_machine.travel(now(), tick=False) as clock:
        mine = offered(person)
        clock.shift(timedelta(minutes=15, seconds=2))
        person.open("/account/activity")
        answer = person.ask("GET", f"{SECURITY}/totp")
        assert answer.status_code == 303  # the proof is older than ten minutes
        assert mine.seed


def test_a_script_sets_an_app_up_by_the_same_address(person):
    offer = person.ask("GET", f"{SECURITY}/totp", headers=JSON).json
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    sent = {"code": App(offer["secret"]).code(), "begun": offer["begun"]}
    answer = person.ask("POST", f"{SECURITY}/totp", json=sent, headers=JSON | {"X-CSRF-Token": token})
    assert answer.status_code == 204


def test_a_token_may_change_no_factor(script):
    for method, path in (("GET", "totp"), ("POST", "totp"), ("POST", "recovery-codes"), ("POST", "passkeys/new")):
        assert script.call(method, f"{SECURITY}/{path}", json={}).status_code == 403


def test_a_new_factor_ends_other_sessions_which_the_page_says_before_and_a_mail_after(app, person):
    other = second_browser(app)
    mine = offered(person)
    assert "Other devices are logged out" in person.page.text
    person.press("Turn it on", code=mine.code())
    assert (is_in(person), is_in(other)) == (True, False)
    assert "authenticator app was added" in next(m.text for m in mails(app) if m.kind == "factors_changed")


def test_not_me_takes_back_what_was_added_since(app, user, person):
    mine = offered(person)
    person.press("Turn it on", code=mine.code())
    link = next(m.text for m in mails(app) if m.kind == "factors_changed")
    owner = Person(app)
    owner.open(re.search(r"(/not-me/\S+)", link)[1])
    owner.press("End")
    with app.extensions["database"].read() as db:
        assert not factors.of(db, user.id).has_second
    assert not is_in(person)


def test_the_app_is_removed_by_whoever_has_just_shown_a_code(app, user):
    mine = with_app(app, user)
    person = Person(app)
    person.log_in("ada")
    person.press("Go on", code=mine.code())
    person.open(SECURITY)
    person.follow("Remove app")
    person.press("Remove the app")
    assert Person(app).log_in("ada").request.path == "/dashboard"
    assert len(events(app, "factor.removed")) == 1


@pytest.fixture
def trusted(make_app, user):
    """Ada at a browser that she trusts, logged in with her password alone."""
    app = make_app(WEBAPP_BASE_URL="http://localhost", WEBAPP_TRUST_BROWSERS="true")
    mine, person = with_app(app, user), Person(app)
    person.log_in("ada")
    person.press("Go on", code=mine.code(), trust="y")
    person.open("/logout")
    person.press("Log out")
    person.log_in("ada")
    return person, mine


def test_a_fresh_password_alone_changes_no_factor_of_whoever_has_one(trusted):
    person, mine = trusted
    assert person.open(f"{SECURITY}/totp/remove").request.path == "/confirm"
    assert 'name="password"' not in person.page.text
    assert "Remove the authenticator app?" in person.press("Confirm", code=mine.code()).text


def test_a_form_that_removes_a_factor_is_kept_over_the_better_proof(app, trusted):
    person, mine = trusted
    person.open("/account/activity")
    answer = person.ask("POST", f"{SECURITY}/totp/remove", data={"csrf_token": person.csrf_token})
    assert answer.status_code == 401
    assert 'acr_values="aal2"' in answer.headers["WWW-Authenticate"]
    person.press("Confirm", code=mine.code())
    person.press("Send it now")
    assert len(events(app, "factor.removed")) == 1


# Confirming.


def old(person):
    """Eleven minutes later."""
    return time_machine.travel(now() + timedelta(minutes=11), tick=False)


def test_whoever_has_an_app_confirms_with_a_code_and_stays_as_well_proven(app, user):
    mine, person = with_app(app, user), Person(app)
    person.log_in("ada")
    person.press("Go on", code=mine.code())
    with old(person):
        assert person.open("/tokens/new").request.path == "/confirm"
        answer = person.press("Confirm", code="000000")
        assert (answer.status_code, "does not fit" in answer.text) == (422, True)
        mine.shift = 0
        assert person.press("Confirm", code=mine.code()).request.path == "/tokens/new"
        assert amr_of(app, person) == "password and code"


def test_a_password_does_not_confirm_for_whoever_has_an_app(app, user):
    mine, person = with_app(app, user), Person(app)
    person.log_in("ada")
    person.press("Go on", code=mine.code())
    with old(person):
        person.open("/tokens/new")
        assert person.press("Confirm", password=factories.PASSWORD).status_code == 422
        assert person.ask("GET", "/tokens/new").status_code == 303


def test_whoever_came_by_passkey_confirms_by_passkey_and_not_by_a_code(app, user):
    device, mine, person = with_passkey(app, user), with_app(app, user), Person(app)
    passkey_login(person, device)
    with old(person):
        person.open("/tokens/new")
        assert 'name="code"' not in person.page.text
        page = person.page
        assert person.press("Use a passkey", code=mine.code()).status_code == 422
        person.page = page
        assert touch(person, device, "/confirm/passkey").request.path == "/tokens/new"
        assert amr_of(app, person) == "passkey"


def test_a_confirmation_takes_ones_own_passkey_alone(app, user):
    device, person = with_passkey(app, user), Person(app)
    theirs = with_passkey(app, factories.user(app, "eve"))
    passkey_login(person, device)
    with old(person):
        person.open("/tokens/new")
        assert touch(person, theirs, "/confirm/passkey").status_code == 422


# Recovery codes.


def test_ten_codes_are_shown_once_and_can_be_printed(app, user, person):
    mine = offered(person)
    person.press("Turn it on", code=mine.code())
    page = person.press("Make ten codes")
    codes = re.findall(r"<li><code>([0-9A-Z-]{29})</code></li>", page.text)
    assert (page.status_code, len(set(codes)), page.headers["Cache-Control"]) == (201, 10, "no-store")
    assert "Recovery codes of ada" in page.text
    assert not any(code in person.open(f"{SECURITY}/recovery-codes").text for code in codes)
    assert "10 of 10 left" in person.open(SECURITY).text


def test_there_is_no_sheet_before_there_is_something_to_recover(person):
    person.open(f"{SECURITY}/recovery-codes")
    answer = person.ask("POST", f"{SECURITY}/recovery-codes", data={"csrf_token": csrf(person)})
    assert answer.status_code == 409


def csrf(person):
    return person.ask("GET", "/login", headers=JSON).json["csrf_token"]


def test_the_page_says_how_many_are_left(app, user):
    mine, codes, person = with_app(app, user), with_sheet(app, user), Person(app)
    person.log_in("ada")
    person.press("Go on", code=codes[3])
    assert "9 of 10 left" in person.open(SECURITY).text
    assert mine


# Passkeys.


def test_a_passkey_is_added_named_and_lets_its_owner_in_with_one_touch(app, user, person):
    device = Authenticator(aaguid=bytes.fromhex("d548826e79b4db40a3d811116f7e8349"))
    register(person, device)
    assert amr_of(app, person) == "passkey"
    assert "Bitwarden" in person.open(SECURITY).text
    other = Person(app)
    assert passkey_login(other, device).request.path == "/dashboard"
    assert amr_of(app, other) == "passkey"


def test_a_passkey_is_renamed(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    person.open(SECURITY)
    person.follow("Rename")
    assert person.press("Save the name", name=" ").status_code == 422
    assert "the blue one" in person.press("Save the name", name="the blue one").text


def test_the_same_passkey_is_not_added_twice(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    assert register(person, device).status_code == 409


def test_a_removed_passkey_lets_nobody_in(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    person.open(SECURITY)
    person.follow("Remove passkey 1")
    person.press("Remove Security key")
    assert passkey_login(Person(app), device).status_code == 422
    assert stored(app, user) == []


def test_a_passkey_of_another_is_not_there(app, user):
    with_passkey(app, factories.user(app, "eve"))
    (theirs,) = stored(app, named(app, "eve"))
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    for path in (f"{SECURITY}/passkeys/{theirs.id}", f"{SECURITY}/passkeys/{theirs.id}/remove"):
        assert person.ask("GET", path).status_code == 404
        assert person.ask("POST", path, data={"csrf_token": csrf(person), "name": "mine"}).status_code == 404


def named(app, name):
    with app.extensions["database"].read() as db:
        return browsing.named(db, name)


def test_an_app_beside_a_passkey_makes_the_session_no_worse(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    mine = offered(person)
    person.press("Turn it on", code=mine.code())
    assert amr_of(app, person) == "passkey"


# What has to stay.


def test_without_a_password_the_last_passkey_has_to_stay_and_the_page_says_why(app, user):
    first, second = with_passkey(app, user), with_passkey(app, user)
    person = Person(app)
    passkey_login(person, first)
    person.open("/account/password/remove")
    person.press("Remove the password")
    gone, kept = stored(app, user)
    person.open(f"{SECURITY}/passkeys/{gone.id}/remove")
    person.press("Remove Security key")
    assert "last way in" in person.open(SECURITY).text
    assert "last way in" in person.open(f"{SECURITY}/passkeys/{kept.id}/remove").text
    answer = person.ask("POST", f"{SECURITY}/passkeys/{kept.id}/remove", data={"csrf_token": csrf(person)})
    assert answer.status_code == 409
    assert passkey_login(Person(app), second).request.path == "/dashboard"


def test_a_password_that_was_removed_lets_nobody_in(app, user):
    device = with_passkey(app, user)
    with_passkey(app, user)
    person = Person(app)
    passkey_login(person, device)
    person.open("/account/password/remove")
    person.press("Remove the password")
    assert Person(app).log_in("ada").status_code == 422
    assert Person(app).log_in("ada", "").status_code == 422
    assert [m.kind for m in mails(app)].count("factors_changed") == 1


def test_a_password_has_to_stay_beside_a_single_passkey(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    assert "two passkeys" in person.open("/account/password/remove").text
    answer = person.ask("POST", "/account/password/remove", data={"csrf_token": csrf(person)})
    assert answer.status_code == 409
