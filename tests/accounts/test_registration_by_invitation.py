"""Registering by invitation: what it verifies, when it is over, and sites that take nobody else."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.accounts.registration_calls import SMTP
from tests.browser import Person
from tests.factories import PASSWORD
from tests.mailbox import Mailbox
from tests.tables import account
from webapp.accounts import invitations, lifecycle
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of


def invite(app, **requested):
    with services_of(app).get(Database).write() as db:
        return invitations.create(db, InvitationRequest(**requested))


def test_a_closed_site_accepts_no_registration(make_app):
    app = make_app(WEBAPP_REGISTRATION="closed")
    visitor = Person(app)
    assert visitor.open("/register").status_code == 403
    assert visitor.ask("GET", invite(app).path).status_code == 403


def test_without_an_invitation_the_page_says_how_to_get_one(make_app):
    answer = Person(make_app()).open("/register")
    assert answer.status_code == 403
    assert "You need an invitation to register" in answer.text


def test_an_invitation_to_an_email_address_verifies_it(make_app):
    app = make_app(**SMTP)
    visitor = Person(app)
    visitor.open(invite(app, email="eve@example.org", role="admin").path)
    fields = {"username": "eve", "password": PASSWORD, "email": "other@example.org"}
    assert "Hello" in visitor.press("Register", **fields).text
    eve = account(app, "eve")
    assert (eve.email, eve.role, eve.is_unverified) == ("eve@example.org", "admin", False)


def test_an_open_invitation_requires_verification_of_the_email_address(make_app):
    app = make_app(**SMTP)
    mailbox, visitor = Mailbox(app), Person(app)
    visitor.open(invite(app).path)
    assert "/register/" not in visitor.page.request.path
    visitor.press("Register", username="eve", email="eve@example.org", password=PASSWORD)
    visitor.open(mailbox.link())
    assert "Hello" in visitor.press("Verify my e-mail address", password=PASSWORD).text


def test_without_a_mail_server_no_email_address_is_required(make_app):
    app = make_app()
    visitor = Person(app)
    assert "E-mail" not in visitor.open(invite(app).path).text
    assert "Hello" in visitor.press("Register", username="eve", password=PASSWORD).text


@pytest.mark.parametrize("how", ["used", "expired", "revoked", "its maker disabled", "its maker demoted"])
def test_an_ended_invitation_is_refused(make_app, how):
    app = make_app()
    boss, _ = factories.user(app, "boss", role="super_admin"), factories.user(app, "other", role="super_admin")
    with services_of(app).get(Database).write() as db:
        made = invitations.create(db, InvitationRequest(role="admin"), by=boss.id)
    if how == "used":
        first = Person(app)
        first.open(made.path)
        first.press("Register", username="eve", password=PASSWORD)
    with services_of(app).get(Database).write() as db:
        if how == "revoked":
            assert invitations.revoke(db, made.invitation.id)
        if how == "its maker disabled":
            lifecycle.disable(db, db.get(User, boss.id))
        if how == "its maker demoted":
            lifecycle.change_role(db, db.get(User, boss.id), "admin")
    with time_machine.travel(now() + (timedelta(days=7) if how == "expired" else timedelta())):
        assert Person(app).ask("GET", made.path).status_code == 404


def test_a_taken_name_does_not_use_up_the_invitation(make_app):
    app = make_app()
    factories.user(app, "ada")
    visitor = Person(app)
    visitor.open(invite(app).path)
    assert "This user name is taken" in visitor.press("Register", username="Ada", password=PASSWORD).text
    visitor.press("Register", username="eve", password=PASSWORD)
    assert account(app, "eve")


def test_the_password_is_estimated_for_the_role_of_the_invitation(make_app):
    app = make_app(WEBAPP_SECOND_FACTOR_FOR="admin", **SMTP)
    visitor = Person(app)
    page = visitor.open(invite(app, role="admin").path).text
    assert "At least 8 characters" in page
    assert 'for-role="admin"' in page

    def fits(**more):
        headers = {"X-CSRF-Token": visitor.csrf_token, "Accept": "application/json"}
        return visitor.client.post("/password-strength", json={"password": "kVx9-qpw"} | more, headers=headers).json

    assert fits(role="admin")["fits"]
    assert "at least 15" in fits()["message"]
    assert "at least 15" in fits(role="no such role")["message"]
