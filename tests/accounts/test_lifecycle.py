"""Disable and enable accounts, change roles and passwords; an active super admin always remains."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from tests import factories
from tests.script import Script
from tests.tables import events
from webapp.accounts import lifecycle, roles
from webapp.accounts.lifecycle import LastSuperAdmin
from webapp.accounts.models import Role, User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.live_counts import LiveCounts
from webapp.web.registry import services_of


def on(app, user, action, *args):
    with services_of(app).get(Database).write() as db:
        return action(db, db.get_one(User, user.id), *args)


@pytest.mark.parametrize(
    "action", [(lifecycle.disable,), (lifecycle.change_role, "admin"), (lifecycle.change_role, "user")]
)
def test_the_last_super_admin_keeps_the_role(app, action):
    boss = factories.user(app, role="super_admin")
    factories.user(app, role="admin")
    with pytest.raises(LastSuperAdmin):
        on(app, boss, *action)


def unverify(db, user):
    user.verification_required_at = now()


@pytest.mark.parametrize("out", [lifecycle.disable, lifecycle.close, unverify])
@pytest.mark.parametrize("action", [lifecycle.disable, lifecycle.close, lifecycle.delete])
def test_a_super_admin_who_cannot_log_in_does_not_count(app, out, action):
    boss, other = factories.user(app, role="super_admin"), factories.user(app, role="super_admin")
    on(app, other, out)
    with pytest.raises(LastSuperAdmin):
        on(app, boss, action)


def test_the_role_of_such_a_super_admin_can_be_changed(app):
    boss, other = factories.user(app, role="super_admin"), factories.user(app, role="super_admin")
    with services_of(app).get(Database).write() as db:
        roles.add(db, "owner", "Ours.", ["super_admin"])
    on(app, boss, lifecycle.change_role, "owner")
    on(app, other, lifecycle.close)
    with pytest.raises(roles.NoSuperAdminLeft), services_of(app).get(Database).write() as db:
        roles.edit(db, db.get_one(Role, "owner"), "Ours.", ["user"])


def test_of_the_last_two_super_admins_one_stays_if_both_leave_at_once(app):
    bosses = [factories.user(app, role="super_admin") for _ in range(2)]

    def go(boss):
        try:
            on(app, boss, lifecycle.disable)
        except LastSuperAdmin:
            return False
        return True

    with ThreadPoolExecutor(2) as at_once:
        assert sorted(at_once.map(go, bosses)) == [False, True]


def test_disabling_returns_the_numbers_of_ended_credentials(app, user):
    for _ in range(3):
        factories.api_token(app, user)
    assert on(app, user, lifecycle.disable) == LiveCounts(sessions=0, script_logins=0, tokens=3)
    assert on(app, user, lifecycle.disable) == LiveCounts(sessions=0, script_logins=0, tokens=0)


def test_credentials_created_during_disabling_are_ended_before_enabling(app, user):
    on(app, user, lifecycle.disable)
    late = Script(app, factories.api_token(app, user).token)
    on(app, user, lifecycle.enable)
    assert late.get("/protected").json["code"] == "token_revoked"


def test_disabling_twice_is_one_audit_event(app, user):
    on(app, user, lifecycle.disable)
    on(app, user, lifecycle.disable)
    assert len(events(app, "user.disabled")) == 1


def test_an_unknown_role_is_refused(app, user):
    with pytest.raises(roles.RoleGone, match="owner"):
        on(app, user, lifecycle.change_role, "owner")


def test_the_same_role_again_changes_nothing(app, user):
    on(app, user, lifecycle.change_role, "user")
    assert events(app, "role.changed") == []


def test_a_new_password_ends_sessions_and_keeps_tokens(app, user, person, script):
    on(app, user, lifecycle.set_password, "another")
    assert person.open("/dashboard").request.path == "/login"
    assert script.get("/protected").status_code == 200


def test_the_database_refuses_an_unknown_role(app, user):
    def give(db, found):
        found.role = "owner"

    with pytest.raises(IntegrityError):
        on(app, user, give)
