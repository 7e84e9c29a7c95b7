"""Mails to the owner of a token: each event once, and a bounded number a day."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.outbox_mails import mails
from tests.script import Script
from webapp.accounts.token_mails import MAX_A_DAY
from webapp.core.db import Database
from webapp.jobs.leases import Jobs
from webapp.tokens import lifecycle
from webapp.web.registry import services_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


def kinds(app):
    return [mail.kind for mail in mails(app)]


def jobs(app):
    """Those of one morning."""
    for job in services_of(app).get(Jobs):
        if job.name.startswith("warn about"):
            with services_of(app).get(Database).write() as db:
                while job.step(db):
                    pass


def test_a_new_token_is_mailed_with_a_link_that_revokes_it(app, person, visitor):
    person.open("/tokens/new")
    person.press("Create token", name="laptop", scopes="profile:read", expires_in="604800")
    (mail,) = mails(app)
    assert (mail.kind, "laptop" in mail.text, "eyJ" in mail.text + mail.html) == ("token_minted", True, False)
    visitor.open(mail.link)
    visitor.press("Revoke laptop")
    assert "laptop" not in person.open("/tokens").text


def test_added_permissions_are_mailed_and_removed_ones_are_not(app, user, person):
    token = factories.api_token(app, user, "profile:read", "tokens:read", name="laptop").entry
    page = f"/tokens/{token.id}/edit"
    sent = {"Accept": "application/json", "X-CSRF-Token": csrf_on(person, page)}
    assert person.ask("POST", page, json={"scopes": ["profile:read"]}, headers=sent).status_code == 200
    assert kinds(app) == []
    assert (
        person.ask("POST", page, json={"scopes": ["profile:read", "protected:read"]}, headers=sent).status_code == 200
    )
    (mail,) = mails(app)
    assert (mail.kind, "laptop" in mail.text) == ("token_widened", True)


def csrf_on(person, page):
    person.open(page)
    return person.csrf_token


def test_the_expiry_of_a_token_is_mailed_14_7_and_1_days_before(app, user, clock):
    factories.api_token(app, user, name="nightly", lifetime=30 * DAY)
    told = {}
    for day in range(30):
        before = len(kinds(app))
        jobs(app)
        jobs(app)
        if len(kinds(app)) > before:
            told[30 - day] = kinds(app)[before:]
        clock.shift(DAY)
    assert told == {14: ["tokens_expiring"], 7: ["tokens_expiring"], 1: ["tokens_expiring"]}


def test_the_expiry_of_a_short_lived_token_is_not_mailed(app, user, clock):
    factories.api_token(app, user, lifetime=timedelta(hours=4))
    jobs(app)
    assert kinds(app) == []


def test_after_a_downtime_only_the_latest_reminder_is_sent(app, user, clock):
    factories.api_token(app, user, name="nightly", lifetime=30 * DAY)
    clock.shift(27 * DAY)
    jobs(app)
    assert kinds(app) == ["tokens_expiring"]
    assert "nightly expires in 3 days" in mails(app)[0].text


@pytest.mark.slow
def test_a_thousand_expiring_tokens_are_one_mail(app, user, clock):
    for number in range(60):
        factories.api_token(app, user, name=f"job {number}", lifetime=30 * DAY)
    clock.shift(20 * DAY)
    jobs(app)
    (mail,) = mails(app)
    assert "And 40 more" in mail.text


def test_rotated_or_revoked_tokens_are_not_mailed(app, user, person, clock):
    issued = factories.api_token(app, user, lifetime=30 * DAY)
    with services_of(app).get(Database).write() as db:
        lifecycle.revoke(db, user.id, issued.entry.id)
    clock.shift(20 * DAY)
    jobs(app)
    assert kinds(app) == []


def test_an_unused_token_is_mailed_once_after_90_days(app, user, clock):
    factories.api_token(app, user, lifetime=365 * DAY)
    clock.shift(89 * DAY)
    jobs(app)
    assert kinds(app) == []
    clock.shift(DAY)
    for _ in range(3):
        jobs(app)
        clock.shift(DAY)
    assert kinds(app) == ["tokens_unused"]


def test_an_expired_token_still_in_use_is_mailed_once_a_week(app, user, clock):
    script = Script(app, factories.api_token(app, user, name="nightly", lifetime=DAY).token)
    clock.shift(2 * DAY)
    for _ in range(5):
        assert script.get("/protected").json["code"] == "token_expired"
        clock.shift(DAY)
    assert kinds(app) == ["token_came_late"]
    assert "curl" in mails(app)[0].text
    clock.shift(4 * DAY)
    script.get("/protected")
    assert kinds(app) == ["token_came_late"] * 2


def test_another_process_does_not_mail_it_again(make_app, app, user, clock):
    token = factories.api_token(app, user, lifetime=DAY).token
    clock.shift(2 * DAY)
    for site in (app, make_app(), make_app()):
        Script(site, token).get("/protected")
    assert kinds(app) == ["token_came_late"]


def test_a_revoked_token_still_in_use_is_not_mailed(app, user, clock):
    issued = factories.api_token(app, user, lifetime=DAY)
    with services_of(app).get(Database).write() as db:
        lifecycle.revoke(db, user.id, issued.entry.id)
    clock.shift(2 * DAY)
    Script(app, issued.token).get("/protected")
    assert kinds(app) == []


def test_a_new_network_of_a_token_is_mailed_except_the_first(app, user, clock):
    token = factories.api_token(app, user, name="nightly").token
    for ip_address in ("10.0.0.7", "10.0.0.7", "203.0.113.9"):
        clock.shift(timedelta(minutes=2))
        Script(app, token, ip_address=ip_address).get("/protected")
    (mail,) = mails(app)
    assert (mail.kind, "203.0.113.9" in mail.text) == ("token_new_network", True)


def test_a_token_used_from_many_networks_is_mailed_once_a_day_up_to_a_limit(app, user, clock):
    token = factories.api_token(app, user).token
    for number in range(60):
        clock.shift(timedelta(hours=12))
        Script(app, token, ip_address=f"203.0.113.{number}").get("/protected")
    assert 1 < len(kinds(app)) <= 10


@pytest.mark.slow
def test_the_number_of_token_mails_is_limited(app, user, person, clock):
    for number in range(MAX_A_DAY + 5):
        person.open("/tokens/new")
        person.press("Create token", name=f"job {number}", scopes="profile:read", expires_in="604800")
    assert len(kinds(app)) == MAX_A_DAY
