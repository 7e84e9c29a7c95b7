"""A forgotten password: the link, what it ends, and what strangers learn by asking."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.accounts.password_reset import NEW, ask, set_new
from tests.browser import Person
from tests.factories import PASSWORD
from tests.outbox_mails import mails
from tests.tables import contents, events
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.accounts.views.request_info import RESET_TRIED
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.ratelimit import Limiter
from webapp.web.registry import services_of


def test_a_mailed_link_sets_a_new_password(stranger, user, mailbox):
    ask(stranger, "ada")
    assert "Log in" in set_new(stranger, mailbox.link()).text
    assert "Hello" in stranger.log_in("ada", NEW).text


def test_the_old_password_is_refused_afterwards(stranger, user, mailbox):
    ask(stranger, "ada")
    set_new(stranger, mailbox.link())
    assert "Wrong user name or password" in stranger.log_in("ada", PASSWORD).text


def test_the_mail_is_sent_to_the_email_address_of_the_account_as_stored(stranger, user, mailbox):
    ask(stranger, "ADA@example.ORG")
    assert mailbox.one().to == "ada@example.org"


def test_the_secret_is_removed_from_the_url_before_a_page_is_shown(stranger, user, mailbox):
    ask(stranger, "ada")
    link = mailbox.link()
    answer = stranger.ask("GET", link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/reset")
    page = stranger.open("/reset")
    # Only the form holds it, so that two links in two tabs are not mixed up.
    assert page.text.count(link.rpartition("/")[2]) == 1
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_a_reset_ends_every_session_and_token(app, person, user, script, mailbox):
    other = Person(app)
    ask(other, "ada")
    set_new(other, mailbox.link())
    assert "Log in" in person.open("/dashboard").text
    assert script.get("/protected").json["code"] == "token_revoked"


def test_a_reset_can_keep_tokens(stranger, user, script, mailbox):
    ask(stranger, "ada")
    set_new(stranger, mailbox.link(), keep_tokens="y")
    assert script.get("/protected").status_code == 200


def test_the_owner_gets_a_mail_about_the_reset(stranger, user, mailbox):
    ask(stranger, "ada")
    set_new(stranger, mailbox.link())
    told = mailbox.one().content
    assert "Your password at Latchkey was reset" in told.subject
    assert "203.0.113.18" in told.text
    assert "Firefox on Linux" in told.text


@pytest.mark.parametrize("identifier", ["ada", "nobody", "nobody@example.org", "gone"])
def test_known_unknown_and_disabled_users_get_the_same_response(app, stranger, user, identifier):
    gone = factories.user(app, "gone")
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, db.get(User, gone.id))
    answer = ask(stranger, identifier)
    assert answer.status_code == 200
    assert "If this account exists, we sent a link to its e-mail address" in answer.text


@pytest.mark.parametrize("identifier", ["ada", "nobody"])
def test_the_lookup_of_the_user_happens_after_the_response(app, stranger, user, identifier):
    stranger.open("/forgot")
    before = contents(app)
    fields = {"username": identifier, "csrf_token": stranger.csrf_token}
    answer = stranger.ask("POST", "/forgot", data=fields, buffered=False)
    assert (answer.status_code, contents(app)) == (303, before)
    answer.close()
    assert contents(app) != before
    assert (mails(app) == []) is (identifier == "nobody")


def test_a_list_of_email_addresses_is_refused(stranger, user, mailbox):
    """GitLab CVE-2023-7028: a link was mailed to each of a list."""
    stranger.open("/forgot")
    token = stranger.csrf_token
    body = {"csrf_token": token, "username": ["ada@example.org", "eve@example.org"]}
    answer = stranger.ask("POST", "/forgot", json=body, headers={"Accept": "application/json"})
    twice = stranger.ask("POST", "/forgot", data=body)
    assert (answer.status_code, twice.status_code) == (400, 400)
    assert mailbox.opened() == []


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto", "X-Original-Host"])
def test_mailed_links_do_not_depend_on_headers(stranger, user, mailbox, header):
    """Zitadel, four advisories in two years."""
    if header == "Host":
        stranger.base_url = "http://evil.example"
    stranger.open("/forgot")
    stranger.ask(
        "POST",
        "/forgot",
        data={"csrf_token": stranger.csrf_token, "username": "ada"},
        headers={} if header == "Host" else {header: "host=evil.example" if header == "Forwarded" else "evil.example"},
    )
    mail = mailbox.one().content
    assert "http://localhost:8000/reset/" in mail.text
    assert "evil" not in mail.text + mail.html


def test_mails_to_one_mailbox_are_limited_without_showing_it(stranger, user, mailbox):
    answers = [ask(stranger, name) for name in ("ada", "ada@example.org") * 3]
    assert {answer.status_code for answer in answers} == {200}
    assert len(mailbox.opened()) == 4


def test_requests_of_one_network_are_limited(stranger, user):
    statuses = [ask(stranger, f"somebody{number}").status_code for number in range(31)]
    assert (statuses[29], statuses[30]) == (200, 429)


def test_simultaneous_uses_of_one_link_hash_one_password(app, stranger, user, mailbox):
    ask(stranger, "ada")
    link = mailbox.link()
    for _ in range(RESET_TRIED.amount):
        services_of(app).get(Limiter).take(RESET_TRIED, f"user:{user.id}")
    assert set_new(stranger, link).status_code == 429


def test_a_weak_password_is_refused_with_a_reason_and_the_link_stays_valid(stranger, user, mailbox):
    ask(stranger, "ada")
    link = mailbox.link()
    assert "at least 15 characters" in set_new(stranger, link, "short").text
    assert "on a list of leaked passwords" in stranger.press("Set password", password="passwordpassword").text
    assert "It contains “example”" in stranger.press("Set password", password="nothing but an example").text
    assert "It contains “ada”" in stranger.press("Set password", password="ada, ada, ada, ada!").text
    assert stranger.press("Set password", password=NEW).status_code == 200


def test_secret_and_password_are_neither_logged_nor_recorded(app, stranger, user, mailbox, logged):
    ask(stranger, "ada")
    link = mailbox.link()
    set_new(stranger, link)
    said = logged() + repr(events(app))
    assert link.rpartition("/")[2] not in said
    assert NEW not in said


def test_a_script_can_request_and_use_a_link(stranger, user, mailbox):
    headers = {"Accept": "application/json"}
    token = stranger.ask("GET", "/forgot", headers=headers).json["csrf_token"]
    body = {"username": "ada", "csrf_token": token}
    assert stranger.ask("POST", "/forgot", json=body, headers=headers).status_code == 202
    stranger.ask("GET", mailbox.link(), headers=headers)
    answer = stranger.ask("POST", "/reset", json={"password": NEW, "csrf_token": token}, headers=headers)
    assert answer.json == {"sessions": 0, "script_logins": 0, "tokens": 0, "tokens_kept": 0}


def test_a_known_browser_counts_as_unknown_after_a_reset(app, person, user, mailbox):
    """Whoever had the password may have a mark as well; it no longer counts apart."""
    with time_machine.travel(now() + timedelta(seconds=5)):
        other = Person(app, address="198.51.100.7")
        ask(other, "ada")
        set_new(other, mailbox.link())
        for _ in range(10):
            Person(app, address="198.51.100.9").log_in("ada", "wrong wrong wrong wrong")
        assert person.log_in("ada", "wrong wrong wrong wrong").status_code == 429
