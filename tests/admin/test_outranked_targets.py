"""Nobody administers a user with more permissions, and the last super admin stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests import factories
from tests.admin.admin_objects import WHY, role_of
from tests.browser import Person
from tests.script import Script
from tests.tables import contents
from webapp.accounts import roles
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.web.registry import services_of


@pytest.fixture
def person(ines: Person) -> Person:
    return ines


def fields_for(act: str, username: str) -> dict[str, str]:
    """What the form of an action has."""
    more = {"role": {"role": "user"}, "delete": {"username": username}}
    return {"reason": WHY} | more.get(act, {})


@pytest.mark.parametrize("act", ["disable", "enable", "unlock", "end-sessions", "reset-link", "role", "delete"])
def test_an_admin_cannot_act_on_a_super_admin(app, script, chief, act):
    before = contents(app)
    answer = script.post(f"/admin/users/{chief.id}/{act}", json=fields_for(act, "chief"))
    assert answer.status_code == 403
    assert contents(app) == before


@pytest.mark.parametrize("role", ["admin", "super_admin"])
def test_an_admin_cannot_grant_admin_roles(app, script, user, role):
    answer = script.post(f"/admin/users/{user.id}/role", json={"role": role, "reason": WHY})
    assert answer.status_code == 403
    assert role_of(app, user) == "user"


def test_the_last_super_admin_cannot_be_removed(app, chief):
    keeper = Person(app)
    keeper.log_in("chief")
    for act, more in (("disable", {}), ("role", {"role": "user"}), ("delete", {"username": "chief"})):
        keeper.open(f"/admin/users/{chief.id}/{act}")
        sent = {"reason": WHY, "csrf_token": keeper.csrf_token} | more
        assert keeper.ask("POST", f"/admin/users/{chief.id}/{act}", data=sent).status_code == 409
    assert role_of(app, chief) == "super_admin"


@pytest.mark.parametrize(
    "act", ["disable", "enable", "unlock", "end-sessions", "reset-link", "reset-factors", "delete"]
)
def test_a_token_cannot_act_on_its_owner(make_app, act):
    app = make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:1")
    chief, _ = factories.user(app, "chief", role="super_admin"), factories.user(app, "other", role="super_admin")
    script = Script(app, factories.api_token(app, chief, "admin:write").token)
    before = contents(app)
    assert script.post(f"/admin/users/{chief.id}/{act}", json=fields_for(act, "chief")).status_code == 403
    together = script.post("/admin/users/disable", json={"ids": [str(chief.id)], "reason": WHY})
    assert together.status_code == 403
    assert contents(app) == before


def test_of_two_super_admins_who_demote_each_other_at_once_one_stays(app, chief):
    other = factories.user(app, "other", role="super_admin")
    pairs = [(chief, other), (other, chief)]
    scripts = [(Script(app, factories.api_token(app, by, "admin:write").token), whom) for by, whom in pairs]

    def demote(pair: tuple[Script, User]) -> int:
        script, whom = pair
        return script.post(f"/admin/users/{whom.id}/role", json={"role": "user", "reason": WHY}).status_code

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(demote, scripts))
    assert codes in ([200, 403], [200, 409])
    assert sorted((role_of(app, chief), role_of(app, other))) == ["super_admin", "user"]


@pytest.fixture
def night_admin(app: Flask, chief: User) -> User:
    """Somebody with a role of the site's own that includes admin."""
    with services_of(app).get(Database).write() as db:
        roles.add(db, "night_admin", "At night.", ["admin"])
    return factories.user(app, "mara", role="night_admin")


@pytest.mark.parametrize("act", ["disable", "enable", "unlock", "end-sessions", "reset-link", "role", "delete"])
def test_a_role_that_includes_admin_is_above_admin(app, script, night_admin, act):
    before = contents(app)
    assert script.post(f"/admin/users/{night_admin.id}/{act}", json=fields_for(act, "mara")).status_code == 403
    assert contents(app) == before


def test_such_a_role_can_act_on_admins_but_not_grant_admin_roles(app, night_admin, admin, user):
    theirs = Script(app, factories.api_token(app, night_admin, "admin:write").token)
    for role in ("admin", "night_admin", "super_admin"):
        answer = theirs.post(f"/admin/users/{user.id}/role", json={"role": role, "reason": WHY})
        assert answer.status_code == 403
    assert theirs.post(f"/admin/users/{admin.id}/disable", json={"reason": WHY}).status_code == 200


@pytest.mark.parametrize(
    "act", ["disable", "role", "delete", "reset-link", "end-sessions", "enable", "unlock", "reset-factors"]
)
def test_pages_of_actions_on_a_higher_role_are_refused(person, chief, act):
    assert person.open(f"/admin/users/{chief.id}/{act}").status_code == 403


def test_the_page_of_a_user_with_a_higher_role_offers_no_actions(person, chief):
    page = person.open(f"/admin/users/{chief.id}").text
    assert "has more permissions than you" in page
    assert "Disable…" not in page


@pytest.mark.parametrize("path", ["/admin", "/admin/users", "/admin/roles", "/admin/audit", "/admin/audit.csv"])
def test_without_the_role_no_admin_page_opens(app, user, path):
    theirs = Person(app)
    theirs.log_in("ada")
    assert theirs.open(path).status_code == 403
    # Such a token cannot be minted by its owner; one that was minted before a demotion opens nothing.
    assert Script(app, factories.api_token(app, user, "admin:read").token).get(path).status_code == 403


def test_a_token_that_can_only_read_changes_nothing(app, admin, user):
    reader = Script(app, factories.api_token(app, admin, "admin:read").token)
    assert reader.get("/admin/users").status_code == 200
    answer = reader.post(f"/admin/users/{user.id}/disable", json={"reason": WHY})
    assert (answer.status_code, answer.json["code"]) == (403, "scope_required")
