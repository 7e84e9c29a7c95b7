"""How an account comes to be, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.tables import contents
from webapp.accounts import one_time_links, registration, roles
from webapp.accounts.one_time_links import LinkDead
from webapp.accounts.registration import SETUP, EmailTaken, NewUser, UserNameTaken
from webapp.core.db import Database
from webapp.web.registry import services_of

HALF_AN_HOUR = timedelta(minutes=30)


def make(app, name, email=None, **kwargs):
    with services_of(app).get(Database).write() as db:
        return registration.add(db, NewUser(username=name, email=email, password_hash="x", **kwargs), origin="test")


@pytest.mark.parametrize("name", ["ada", "ADA", "Ada"])
def test_a_user_name_is_unique_in_every_spelling(app, user, name):
    before = contents(app)
    with pytest.raises(UserNameTaken):
        make(app, name)
    assert contents(app) == before


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@example.org", "ada@EXAMPLE.ORG"])
def test_an_email_address_is_unique_in_every_spelling(app, user, email):
    with pytest.raises(EmailTaken):
        make(app, "grace", email)


def test_several_users_can_have_no_email_address(app):
    make(app, "ada")
    make(app, "grace")


def test_of_two_requests_for_one_name_at_once_one_succeeds(app):
    def take(_):
        try:
            make(app, "ada")
        except UserNameTaken:
            return False
        return True

    with ThreadPoolExecutor(4) as at_once:
        assert sorted(at_once.map(take, range(4))) == [False, False, False, True]


def test_an_unknown_role_is_refused(app):
    with pytest.raises(ValueError, match="owner"):
        make(app, "ada", role="owner")


def link(app, lifetime=HALF_AN_HOUR):
    with services_of(app).get(Database).write() as db:
        return one_time_links.create(db, SETUP, lifetime)


def use_setup_link(app, secret, name="mara"):
    with services_of(app).get(Database).write() as db:
        return registration.create_first_admin(
            db, secret, NewUser(username=name, email=None, password_hash="x", role="super_admin")
        )


def test_a_setup_link_works_once(app):
    secret = link(app)
    assert use_setup_link(app, secret)
    with pytest.raises(LinkDead):
        use_setup_link(app, secret, "eve")


def test_of_two_uses_of_setup_links_at_once_one_succeeds(app):
    secret = link(app)

    def go(name):
        try:
            return bool(use_setup_link(app, secret, name))
        except LinkDead:
            return False

    with ThreadPoolExecutor(4) as at_once:
        assert sorted(at_once.map(go, ["one", "two", "three", "four"])) == [False, False, False, True]


def test_a_setup_link_expires_after_its_lifetime(app):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock, services_of(app).get(Database).read() as db:
        secret = link(app)
        clock.shift(HALF_AN_HOUR - timedelta(seconds=1))
        assert one_time_links.ends_at(db, SETUP, secret)
        clock.shift(1)
        assert one_time_links.ends_at(db, SETUP, secret) is None


def test_a_new_setup_link_invalidates_the_former(app):
    former = link(app)
    link(app)
    with pytest.raises(LinkDead):
        use_setup_link(app, former)


@pytest.mark.parametrize("secret", ["", "x", "\0", "' OR 1=1 --", "x" * 5000, "é"])
def test_a_forged_link_is_refused(app, secret):
    """Flowise, GHSA-f6hc-c5jr-878p: an empty secret was accepted."""
    link(app)
    with pytest.raises(LinkDead):
        use_setup_link(app, secret)


def test_a_link_for_one_purpose_is_refused_for_another(app):
    with services_of(app).get(Database).write() as db:
        secret = one_time_links.create(db, "reset", HALF_AN_HOUR)
    with pytest.raises(LinkDead):
        use_setup_link(app, secret)


@pytest.mark.parametrize("role", ["admin", "super_admin", "porter"])
def test_a_setup_link_is_void_once_there_is_an_admin(app, role):
    with services_of(app).get(Database).write() as db:
        roles.add(db, "porter", "Looks after users", ["admin"])
    secret = link(app)
    factories.user(app, role=role)
    with pytest.raises(LinkDead):
        use_setup_link(app, secret)


def test_a_registration_before_the_setup_does_not_void_the_setup_link(app):
    secret = link(app)
    factories.user(app)
    assert use_setup_link(app, secret)
