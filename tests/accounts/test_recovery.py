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


def test_a_mailed_link_sets_a_new_password(visitor, user, mailbox):
    ask(visitor, "ada")
    assert "Log in" in set_new(visitor, mailbox.link()).text
    assert "Hello" in visitor.log_in("ada", NEW).text


def test_the_old_password_is_refused_afterwards(visitor, user, mailbox):
    ask(visitor, "ada")
    set_new(visitor, mailbox.link())
    assert "Wrong user name or password" in visitor.log_in("ada", PASSWORD).text


def test_the_mail_is_sent_to_the_email_address_of_the_account_as_stored(visitor, user, mailbox):
    ask(visitor, "ADA@example.ORG")
    assert mailbox.one().to == "ada@example.org"


def test_the_secret_is_removed_from_the_url_before_a_page_is_shown(visitor, user, mailbox):
    ask(visitor, "ada")
    link = mailbox.link()
    answer = visitor.ask("GET", link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/reset")
    page = visitor.open("/reset")
    # Only the form holds it, so that two links in two tabs are not mixed up.
    assert page.text.count(link.rpartition("/")[2]) == 1
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_a_reset_ends_every_session_and_token(app, person, user, script, mailbox):
    other = Person(app)
    ask(other, "ada")
    set_new(other, mailbox.link())
    assert "Log in" in person.open("/dashboard").text
    assert script.get("/protected").json["code"] == "token_revoked"


def test_a_reset_can_keep_tokens(visitor, user, script, mailbox):
    ask(visitor, "ada")
    set_new(visitor, mailbox.link(), keep_tokens="y")
    assert script.get("/protected").status_code == 200


def test_the_owner_gets_a_mail_about_the_reset(visitor, user, mailbox):
    ask(visitor, "ada")
    set_new(visitor, mailbox.link())
    told = mailbox.one().content
    assert "Your password at Latchkey was reset" in told.subject
    assert "203.0.113.18" in told.text
    assert "Firefox on Linux" in told.text


@pytest.mark.parametrize("identifier", ["ada", "nobody", "nobody@example.org", "gone"])
def test_known_unknown_and_disabled_users_get_the_same_response(app, visitor, user, identifier):
    gone = factories.user(app, "gone")
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, db.get(User, gone.id))
    answer = ask(visitor, identifier)
    assert answer.status_code == 200
    assert "If this account exists, we sent a link to its e-mail address" in answer.text


@pytest.mark.parametrize("identifier", ["ada", "nobody"])
def test_the_lookup_of_the_user_happens_after_the_response(app, visitor, user, identifier):
    visitor.open("/forgot")
    before = contents(app)
    fields = {"username": identifier, "csrf_token": visitor.csrf_token}
    answer = visitor.ask("POST", "/forgot", data=fields, buffered=False)
    meanwhile = contents(app)
    # Stored for all alike, encrypted, so that it is not lost with the process.
    assert len(meanwhile.pop("mail_request")) == 1
    assert (answer.status_code, meanwhile | {"mail_request": []}) == (303, before)
    answer.close()
    assert contents(app) != before
    assert (mails(app) == []) is (identifier == "nobody")


def test_a_list_of_email_addresses_is_refused(visitor, user, mailbox):
    """GitLab CVE-2023-7028: a link was mailed to each of a list."""
    visitor.open("/forgot")
    token = visitor.csrf_token
    body = {"csrf_token": token, "username": ["ada@example.org", "eve@example.org"]}
    answer = visitor.ask("POST", "/forgot", json=body, headers={"Accept": "application/json"})
    twice = visitor.ask("POST", "/forgot", data=body)
    assert (answer.status_code, twice.status_code) == (400, 400)
    assert mailbox.opened() == []


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto", "X-Original-Host"])
def test_mailed_links_do_not_depend_on_headers(visitor, user, mailbox, header):
    """Zitadel, four advisories in two years."""
    if header == "Host":
        visitor.base_url = "http://evil.example"
    visitor.open("/forgot")
    visitor.ask(
        "POST",
        "/forgot",
        data={"csrf_token": visitor.csrf_token, "username": "ada"},
        headers={} if header == "Host" else {header: "host=evil.example" if header == "Forwarded" else "evil.example"},
    )
    mail = mailbox.one().content
    assert "http://localhost:8000/reset/" in mail.text
    assert "evil" not in mail.text + mail.html


def test_mails_to_one_mailbox_are_limited_without_showing_it(visitor, user, mailbox):
    answers = [ask(visitor, name) for name in ("ada", "ada@example.org") * 3]
    assert {answer.status_code for answer in answers} == {200}
    assert len(mailbox.opened()) == 4


def test_requests_of_one_network_are_limited(visitor, user):
    statuses = [ask(visitor, f"somebody{number}").status_code for number in range(31)]
    assert (statuses[29], statuses[30]) == (200, 429)


def test_simultaneous_uses_of_one_link_hash_one_password(app, visitor, user, mailbox):
    ask(visitor, "ada")
    link = mailbox.link()
    for _ in range(RESET_TRIED.amount):
        services_of(app).get(Limiter).take(RESET_TRIED, f"user:{user.id}")
    assert set_new(visitor, link).status_code == 429


def test_a_weak_password_is_refused_with_a_reason_and_the_link_stays_valid(visitor, user, mailbox):
    ask(visitor, "ada")
    link = mailbox.link()
    assert "at least 15 characters" in set_new(visitor, link, "short").text
    assert "on a list of leaked passwords" in visitor.press("Set password", password="passwordpassword").text
    assert "It contains “example”" in visitor.press("Set password", password="nothing but an example").text
    assert "It contains “ada”" in visitor.press("Set password", password="ada, ada, ada, ada!").text
    assert visitor.press("Set password", password=NEW).status_code == 200


def test_secret_and_password_are_neither_logged_nor_recorded(app, visitor, user, mailbox, logged):
    ask(visitor, "ada")
    link = mailbox.link()
    set_new(visitor, link)
    said = logged() + repr(events(app))
    assert link.rpartition("/")[2] not in said
    assert NEW not in said


def test_a_script_can_request_and_use_a_link(visitor, user, mailbox):
    headers = {"Accept": "application/json"}
    token = visitor.ask("GET", "/forgot", headers=headers).json["csrf_token"]
    body = {"username": "ada", "csrf_token": token}
    assert visitor.ask("POST", "/forgot", json=body, headers=headers).status_code == 202
    visitor.ask("GET", mailbox.link(), headers=headers)
    answer = visitor.ask("POST", "/reset", json={"password": NEW, "csrf_token": token}, headers=headers)
    assert answer.json == {"sessions": 0, "script_logins": 0, "tokens": 0, "tokens_kept": 0}


def test_a_known_browser_counts_as_unknown_after_a_reset(app, person, user, mailbox):
    """Whoever had the password may have a mark as well; it no longer counts apart."""
    with time_machine.travel(now() + timedelta(seconds=5)):
        other = Person(app, ip_address="198.51.100.7")
        ask(other, "ada")
        set_new(other, mailbox.link())
        for _ in range(10):
            Person(app, ip_address="198.51.100.9").log_in("ada", "wrong wrong wrong wrong")
        assert person.log_in("ada", "wrong wrong wrong wrong").status_code == 429
