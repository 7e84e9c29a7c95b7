""" "This wasn't me" links in mails undo what somebody else did to an account, without a login."""

import re
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.accounts.intruder_actions import (
    ACTIONS,
    MAILED,
    NEW,
    ask_for_a_reset,
    change_address,
    change_name,
    change_password,
    close_account,
    of_kind,
)
from tests.browser import Person
from tests.factories import PASSWORD
from tests.federation.identities import subjects_of
from tests.federation.upstream import linked
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mfa import factors
from webapp.web.registry import services_of


@pytest.fixture
def eve(app, user, prepared_states) -> Person:
    """Somebody else who knows Ada's password, from where Ada never was."""
    thief = Person(app, ip_address="198.51.100.66", user_agent="Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0")
    cookies, thief.page = prepared_states.once(app, lambda: logged_in_elsewhere(thief), "eve")
    thief.client._cookies = dict(cookies)
    return thief


def logged_in_elsewhere(thief: Person):
    """Her cookies and her page, after Ada has logged in where she always does."""
    Person(thief.app).log_in("ada")
    page = thief.log_in("ada")
    return dict(thief.client._cookies), page


def found(app, user) -> User:
    with services_of(app).get(Database).read() as db:
        return db.get_one(User, user.id)


def not_me_link_of(mail) -> str:
    match = re.search(r"^This wasn't me:\nhttp\S+?(/(?:not-me|account/email/undo)/\S+)$", mail.text, re.MULTILINE)
    assert match, mail.text
    return match[1]


def press_the_one_button(app, link):
    owner = Person(app)
    owner.open(link)
    button = re.findall(r'<button class="button button--final" type="submit">([^<]+)</button>', owner.page.text)
    owner.press(*button)
    return owner


@pytest.mark.parametrize("kind", ACTIONS)
def test_a_security_mail_has_the_circumstances_and_a_link_that_reverts_without_a_login(app, user, eve, kind):
    with time_machine.travel(now(), tick=False):
        ACTIONS[kind](eve, app)
        mail = of_kind(app, kind)
        late = factories.api_token(app, user)
        linked(app, user, "since")
        assert mail.to == "ada@example.org"
        for text in (mail.text, mail.html):
            assert "198.51.100.66" in text
            assert "Chrome" in text
            assert f"{now():%H:%M} UTC" in text
    owner = press_the_one_button(app, not_me_link_of(mail))
    assert "Your account is secured" in owner.page.text
    assert eve.ask("GET", "/dashboard").status_code == 303
    assert Script(app, late.token).get("/protected").status_code == 401
    for password in (PASSWORD, NEW):
        assert "Wrong user name or password" in eve.log_in("ada", password).text
    after = found(app, user)
    assert subjects_of(app, user) == (["ada"] if kind == "identity_unlinked" else [])
    assert (after.username, after.email, after.closes_at) == ("ada", "ada@example.org", None)
    with services_of(app).get(Database).read() as db:
        assert not factors.of(db, user.id).has_second or kind in ("recovery_code_used", "code_refused"), (
            "that app is Ada's own"
        )
    owner.open(of_kind(app, "reset_password").link)
    assert "Your new password is set" in owner.press("Set password", password="umbrella otter lantern 9").text


def test_a_password_change_does_not_void_the_link_about_the_login_before_it(app, user, eve):
    """The token between the two would outlive the link about the second."""
    told, minted = of_kind(app, "new_login"), factories.api_token(app, user)
    change_password(eve, app)
    press_the_one_button(app, not_me_link_of(told))
    assert Script(app, minted.token).get("/protected").status_code == 401
    assert eve.ask("GET", "/dashboard").status_code == 303


def test_an_email_change_does_not_void_the_link_about_the_login_before_it(app, user, eve):
    told = of_kind(app, "new_login")
    change_address(eve, app)
    owner = press_the_one_button(app, not_me_link_of(told))
    assert "we did not mail a link to set a new password" in owner.page.text
    assert eve.ask("GET", "/dashboard").status_code == 303
    press_the_one_button(app, not_me_link_of(of_kind(app, "email_changed")))
    assert of_kind(app, "reset_password").to == "ada@example.org"


def test_reverting_an_email_change_revokes_what_was_created_since_its_request(app, user, eve):
    before = factories.api_token(app, user)
    eve.open("/account")
    with time_machine.travel(now() + timedelta(seconds=5), tick=False):
        eve.press("Send verification link", email="eve@evil.example")
        between = factories.api_token(app, user)
    with time_machine.travel(now() + timedelta(minutes=5), tick=False):
        eve.open(of_kind(app, "confirm_email").link)
        eve.press("Verify eve@evil.example")
        press_the_one_button(app, not_me_link_of(of_kind(app, "email_changed")))
        assert Script(app, before.token).get("/protected").status_code == 200
        assert Script(app, between.token).get("/protected").status_code == 401


def test_reverting_an_email_change_reopens_an_account_closed_since(app, user, eve):
    """The mail about the end of the account went to the other address."""
    change_address(eve, app)
    close_account(eve, app)
    owner = press_the_one_button(app, not_me_link_of(of_kind(app, "email_changed")))
    assert (found(app, user).email, found(app, user).closes_at) == ("ada@example.org", None)
    mail = of_kind(app, "reset_password")
    assert "You reported that this wasn't you." in mail.text
    assert "not changed" not in mail.text, "the password was locked"
    owner.open(of_kind(app, "reset_password").link)
    owner.press("Set password", password=NEW)
    assert owner.log_in("ada", NEW).request.path == "/dashboard"


def test_not_me_about_a_reset_link_voids_only_that_link(app, user, eve):
    ask_for_a_reset(eve, app)
    mail, before = of_kind(app, "reset_password"), Person(app)
    before.log_in("ada")
    owner = press_the_one_button(app, not_me_link_of(mail))
    assert "The link no longer works. It has changed nothing." in owner.page.text
    assert Person(app).open(mail.link).status_code == 404
    assert before.ask("GET", "/dashboard").status_code == 200
    assert len(events(app, "reset.stopped")) == 1


def test_not_me_about_a_used_reset_link_ends_everything(app, user, eve):
    """Whoever reads the mail too late hears no "that link is dead" while somebody else has the password."""
    ask_for_a_reset(eve, app)
    mail = of_kind(app, "reset_password")
    eve.open(mail.link)
    eve.press("Set password", password=NEW)
    eve.log_in("ada", NEW)
    assert "Your account is secured" in press_the_one_button(app, not_me_link_of(mail)).page.text
    assert eve.ask("GET", "/dashboard").status_code == 303


def test_a_former_name_taken_by_another_user_is_not_restored(app, user, eve):
    change_name(eve, app)
    factories.user(app, "Ada", email="other@example.org")
    assert (
        "Your account is secured" in press_the_one_button(app, not_me_link_of(of_kind(app, "name_changed"))).page.text
    )
    assert found(app, user).username == "mallory"
    assert eve.ask("GET", "/dashboard").status_code == 303


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "A", lambda s: s.swapcase(), lambda s: "x"])
def test_a_truncated_or_extended_link_reverts_nothing(app, user, eve, change):
    path, _, secret = not_me_link_of(of_kind(app, "new_login")).rpartition("/")
    before = contents(app)
    assert Person(app).ask("GET", f"{path}/{change(secret)}").status_code == 404
    assert contents(app) == before


@pytest.mark.parametrize("after", ["it was used", "seven days", "the account was disabled"])
def test_an_expired_link_reverts_nothing(app, user, eve, after):
    link = not_me_link_of(of_kind(app, "new_login"))
    if after == "it was used":
        press_the_one_button(app, link)
    if after == "the account was disabled":
        with services_of(app).get(Database).write() as db:
            lifecycle.disable(db, db.get_one(User, user.id))
    with time_machine.travel(now() + timedelta(days=7 if after == "seven days" else 0), tick=False):
        assert Person(app).ask("GET", link).status_code == 404


@pytest.mark.parametrize("kind", MAILED)
def test_the_secret_of_a_link_is_in_no_url_and_on_its_page_only_in_the_form(make_app, kind):
    app = make_app(WEBAPP_REGISTRATION="open", WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    factories.user(app, "ada")
    eve = Person(app)
    for browser in (Person(app), eve):
        browser.log_in("ada")
    MAILED[kind](eve, app)
    links = re.findall(r"^http://[^/]+(/\S+/[\w-]{40,})$", of_kind(app, kind).text, re.MULTILINE)
    assert links
    for link in links:
        answer, secret = Person(app).ask("GET", link), link.rpartition("/")[2]
        assert (answer.status_code, secret in answer.headers["Location"]) == (303, False)
        page = Person(app).open(link)
        hidden = re.findall(r'<input[^>]* name="link"[^>]* value="([^"]+)">', page.text)
        assert (page.status_code, hidden, page.text.count(secret)) == (200, [secret], 1)
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text), "nothing foreign is on it"


def test_the_page_of_an_expired_link_offers_a_new_password(app):
    visitor = Person(app)
    assert visitor.open("/not-me/of-long-ago").status_code == 404
    assert visitor.follow("Set a new password").request.path == "/forgot"
