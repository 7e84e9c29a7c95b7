"""Each admin action on a user is mailed to that user, with the admin and the reason."""

import pytest

from tests import factories
from tests.admin.admin_objects import by_session
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import events
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.web.registry import services_of

WHY = "the audit of november"


@pytest.fixture
def keeper(app):
    factories.user(app, "ines", role="super_admin")
    return by_session(app, "ines")


def disabled(app, user):
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).disabled_at = user.created_at


def logged_in(app, user):
    Script(app).get("/login")
    from_home = app.test_client()
    token = from_home.get("/login", headers={"Accept": "application/json"}).json["csrf_token"]
    sent = {"username": "ada", "password": factories.PASSWORD}
    assert from_home.post("/login", json=sent, headers={"X-CSRF-Token": token}).status_code == 200


@pytest.mark.parametrize(
    ("act", "more", "before", "kind", "event"),
    [
        pytest.param("disable", {}, None, "account_disabled", "user.disabled", id="disable"),
        pytest.param("enable", {}, disabled, "account_enabled", "user.enabled", id="enable"),
        pytest.param("unlock", {}, None, "login_unlocked", "login.unlocked", id="unlock"),
        pytest.param("end-sessions", {}, logged_in, "sessions_ended", "session.ended", id="end sessions"),
        pytest.param("role", {"role": "admin"}, None, "role_changed", "role.changed", id="change the role"),
        pytest.param("delete", {"username": "ada"}, None, "account_deleted", "user.deleted", id="delete"),
    ],
)
def test_each_admin_action_is_mailed_with_actor_and_reason(app, user, keeper, act, more, before, kind, event):
    if before:
        before(app, user)
    former = len(mails(app))
    answer = keeper.post(f"/admin/users/{user.id}/{act}", json={"reason": WHY} | more)
    assert answer.status_code in (200, 204)
    (mail,) = mails(app)[former:]
    assert (mail.kind, mail.to) == (kind, "ada@example.org")
    for body in (mail.text, mail.html):
        assert WHY in body
        assert "ines" in body
    (noted,) = events(app, event)
    assert WHY in str(noted["details"])


def test_each_of_several_disabled_users_gets_a_mail(app, user, keeper):
    bob = factories.user(app, "bob")
    keeper.post("/admin/users/disable", json={"ids": [str(user.id), str(bob.id)], "reason": WHY})
    told = {mail.to for mail in mails(app) if mail.kind == "account_disabled"}
    assert told == {"ada@example.org", "bob@example.org"}


@pytest.mark.parametrize(("act", "more"), [("enable", {}), ("end-sessions", {}), ("role", {"role": "user"})])
def test_an_action_that_changes_nothing_is_not_mailed(app, user, keeper, act, more):
    assert keeper.post(f"/admin/users/{user.id}/{act}", json={"reason": WHY} | more).status_code == 200
    assert mails(app) == []


def test_actions_work_for_users_without_an_email_address(app, user, keeper):
    with services_of(app).get(Database).write() as db:
        found = db.get_one(User, user.id)
        found.email = found.email_key = None
    assert keeper.post(f"/admin/users/{user.id}/disable", json={"reason": WHY}).status_code == 200
    assert mails(app) == []
