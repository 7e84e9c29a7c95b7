"""Links to set a new password: what makes one void, and what is refused as one."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.accounts.password_reset import NEW, ask, set_new
from tests.browser import Person
from tests.factories import HASHED
from tests.mailbox import link_in
from tests.tables import contents
from webapp.accounts import lifecycle, one_time_links, recovery
from webapp.accounts.models import User
from webapp.accounts.notices import RequestOrigin
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mail.mailer import Mailer
from webapp.web.registry import services_of


def test_a_disabled_user_gets_no_mail_and_earlier_links_are_void(app, visitor, user, mailbox):
    ask(visitor, "ada")
    link = mailbox.link()
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, db.get(User, user.id))
    assert visitor.ask("GET", link).status_code == 404
    ask(visitor, "ada")
    assert mailbox.opened() == []


def test_a_link_created_while_a_user_is_disabled_is_void(app, visitor, user):
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, db.get(User, user.id))
        path = recovery.link_for(db, db.get(User, user.id))
    assert visitor.ask("GET", path).status_code == 404


def test_a_link_works_once(app, visitor, user, mailbox):
    ask(visitor, "ada")
    link = mailbox.link()
    set_new(visitor, link)
    assert Person(app).ask("GET", link).status_code == 404


def test_a_page_opened_before_the_link_was_used_changes_nothing(app, visitor, user, mailbox):
    ask(visitor, "ada")
    link, late = mailbox.link(), Person(app)
    late.open(link)
    set_new(visitor, link)
    before = contents(app)
    assert late.press("Set password", password="another " + NEW).status_code == 404
    assert contents(app) == before


def test_a_link_expires_after_thirty_minutes(visitor, user, mailbox):
    ask(visitor, "ada")
    link = mailbox.link()
    with time_machine.travel(now() + timedelta(minutes=30), tick=False):
        assert visitor.ask("GET", link).status_code == 404


def test_a_new_link_does_not_void_an_earlier_one(app, visitor, user, mailbox):
    ask(visitor, "ada")
    first = mailbox.link()
    for number in range(5):
        ask(Person(app, ip_address=f"198.51.100.{number}"), "ada")
    others = [link_in(mail) for mail in mailbox.opened()]
    assert len(others) == 3
    set_new(visitor, first)
    assert [Person(app).ask("GET", link).status_code for link in (first, *others)] == [404] * 4


def test_a_user_over_the_mail_limit_still_has_a_valid_link(app, visitor, user, mailbox):
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(4):
            ask(visitor, "ada")
            clock.shift(timedelta(minutes=7))
        last = [link_in(mail) for mail in mailbox.opened()][-1]
        clock.shift(timedelta(minutes=1, seconds=59))
        ask(visitor, "ada")
        assert mailbox.opened() == []
        assert visitor.ask("GET", last).status_code == 303
        clock.shift(timedelta(seconds=2))
        ask(visitor, "ada")
        assert len(mailbox.opened()) == 1
        assert visitor.ask("GET", last).status_code == 303


def test_the_number_of_valid_links_is_limited(database, user):
    with database.write() as db:
        paths = [recovery.link_for(db, db.get_one(User, user.id)) for _ in range(one_time_links.SIDE_BY_SIDE + 3)]
    with database.read() as db:
        live = [one_time_links.find(db, recovery.RESET, path.rpartition("/")[2]) is not None for path in paths]
    assert sum(live) == one_time_links.SIDE_BY_SIDE


def test_a_link_of_an_operator_voids_earlier_links(app, database, user, visitor, mailbox):
    ask(visitor, "ada")
    with database.write() as db:
        recovery.link_for(db, db.get_one(User, user.id), is_shown=True, replaces=True)
    assert visitor.ask("GET", mailbox.link()).status_code == 404


def test_a_link_is_void_after_another_password_change(app, visitor, user, mailbox):
    ask(visitor, "ada")
    link = mailbox.link()
    with services_of(app).get(Database).write() as db:
        lifecycle.set_password(db, db.get(User, user.id), factories.HASHED)
    assert visitor.ask("GET", link).status_code == 404


def test_a_link_created_during_a_password_change_is_void(app, visitor, user, mailbox):
    """Too late to be voided, and made before."""
    ask(visitor, "ada")
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).password_changed_at = now()
    assert visitor.ask("GET", mailbox.link()).status_code == 404


def test_a_link_is_void_after_the_email_address_changed(app, visitor, user, mailbox):
    ask(visitor, "ada")
    link = mailbox.link()
    with services_of(app).get(Database).write() as db:
        changed = db.get(User, user.id)
        changed.email = changed.email_key = "eve@example.org"
    assert visitor.ask("GET", link).status_code == 404


@pytest.mark.parametrize(
    "spoil", [lambda s: s[:-1], lambda s: s + "A", lambda s: s.swapcase(), lambda s: "%00", lambda s: "."]
)
def test_a_truncated_or_extended_secret_is_refused(visitor, user, mailbox, spoil):
    ask(visitor, "ada")
    assert visitor.ask("GET", "/reset/" + spoil(mailbox.link().rpartition("/")[2])).status_code in (404, 308)


def test_an_empty_secret_is_refused(visitor, user):
    """Flowise GHSA-f6hc-c5jr-878p."""
    visitor.open("/forgot")
    answer = visitor.ask("POST", "/reset", data={"csrf_token": visitor.csrf_token, "password": NEW})
    assert answer.status_code == 404


def test_a_link_for_another_purpose_is_refused(app, visitor, user):
    with services_of(app).get(Database).write() as db:
        secret = one_time_links.create(db, "sign-up", timedelta(hours=1), user_id=user.id, email=user.email)
    assert visitor.ask("GET", f"/reset/{secret}").status_code == 404


@pytest.mark.parametrize("is_shown", [False, True])
def test_a_link_verifies_the_email_address_only_if_it_was_mailed_and_not_shown(app, database, user, is_shown):
    with database.write() as db:
        found = db.get_one(User, user.id)
        found.email_verified_at = None
        secret = recovery.link_for(db, found, is_shown=is_shown).rpartition("/")[2]
    with database.write() as db:
        recovery.reset(
            db,
            services_of(app).get(Mailer),
            secret,
            HASHED,
            RequestOrigin(now(), None, ""),
            revokes_tokens=False,
        )
    with database.read() as db:
        assert (db.get_one(User, user.id).email_verified_at is None) == is_shown
