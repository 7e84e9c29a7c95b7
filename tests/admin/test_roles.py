"""Roles: made, changed, removed; what they include counts at once."""

import pytest
from flask import Flask

from tests import factories
from tests.admin.admin_objects import by_session
from tests.browser import Person
from tests.script import Script
from webapp.accounts import invitations, roles
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import Role, User
from webapp.accounts.role_closures import RoleCycle, closures
from webapp.core.db import Database
from webapp.testing import HeaderClient
from webapp.web.registry import services_of


@pytest.fixture
def script(app: Flask, chief: User) -> HeaderClient:
    """Chief with a session, which sends JSON."""
    return by_session(app, chief.username)


def make(script: HeaderClient | Script, name: str, *includes: str) -> int:
    sent = {"name": name, "description": "For tests.", "includes": list(includes)}
    return script.post("/admin/roles", json=sent).status_code


def edit(script: HeaderClient | Script, name: str, *includes: str) -> int:
    sent = {"description": "For tests.", "includes": list(includes)}
    return script.post(f"/admin/roles/{name}/edit", json=sent).status_code


def test_the_list_of_roles_shows_included_roles_lowest_first():
    graph = {"user": (), "admin": ("user",), "chief": ("admin", "user")}
    assert closures(graph)["chief"] == ("user", "admin", "chief")


def test_a_cycle_is_refused_however_long():
    with pytest.raises(RoleCycle, match="a includes b includes c includes a"):
        closures({"a": ("b",), "b": ("c",), "c": ("a",)})


def test_a_role_that_would_include_itself_is_refused(script):
    assert make(script, "editor", "user") == 201
    assert make(script, "printer", "editor") == 201
    assert edit(script, "editor", "printer") == 422
    assert script.get("/admin/roles/editor").json["closure"] == ["user", "editor"]
    assert edit(script, "editor", "editor") == 422


def test_permissions_of_an_included_role_apply_to_the_next_request(app, script):
    make(script, "helper", "user")
    owner = factories.user(app, role="helper")
    theirs = Script(app, factories.api_token(app, owner, "protected:read").token)
    assert theirs.get("/protected/admin").status_code == 403
    assert edit(script, "helper", "admin") == 200
    assert theirs.get("/protected/admin").status_code == 200
    assert edit(script, "helper", "user") == 200
    assert theirs.get("/protected/admin").status_code == 403


def test_a_change_of_an_included_role_applies_to_all_that_include_it(script):
    make(script, "low", "user")
    make(script, "high", "low")
    edit(script, "low", "admin")
    assert script.get("/admin/roles/high").json["closure"] == ["user", "admin", "low", "high"]


def test_a_role_in_use_cannot_be_removed(app, script):
    make(script, "editor", "user")
    factories.user(app, role="editor")
    answer = script.post("/admin/roles/editor/remove", json={})
    assert answer.status_code == 409
    assert script.get("/admin/roles/editor").status_code == 200


def test_a_role_that_another_includes_cannot_be_removed(script):
    make(script, "editor", "user")
    make(script, "printer", "editor")
    assert script.post("/admin/roles/editor/remove", json={}).status_code == 409
    assert script.post("/admin/roles/printer/remove", json={}).status_code == 204
    assert script.post("/admin/roles/editor/remove", json={}).status_code == 204


def test_a_role_of_a_live_invitation_cannot_be_removed(script):
    make(script, "editor", "user")
    invited = script.post("/admin/invitations/new", json={"role": "editor"}).json["id"]
    assert script.post("/admin/roles/editor/remove", json={}).status_code == 409
    script.post(f"/admin/invitations/{invited}/revoke")
    assert script.post("/admin/roles/editor/remove", json={}).status_code == 204


@pytest.mark.parametrize("name", ["user", "admin", "super_admin"])
def test_the_three_built_in_roles_cannot_be_removed(script, name):
    assert script.post(f"/admin/roles/{name}/remove", json={}).status_code == 409


def test_built_in_roles_keep_what_they_include(script):
    assert edit(script, "admin") == 422
    assert edit(script, "super_admin", "user") == 422


def test_the_last_super_admin_role_cannot_be_removed_by_a_role_change(app, script, chief):
    make(script, "owner", "super_admin")
    sent = {"role": "owner", "reason": "a name of our own"}
    assert script.post(f"/admin/users/{chief.id}/role", json=sent).status_code == 200
    assert edit(script, "owner", "user") == 409
    assert script.get("/admin/settings").status_code == 200


@pytest.mark.parametrize("name", ["A", "x", "1st", "a b", "a" * 21, "ünï", "user\n", ""])
def test_an_invalid_name_is_refused(script, name):
    assert make(script, name, "user") in (400, 422)


@pytest.mark.parametrize("description", ["", " ", "x" * 201, "a\nb", "\x1b[31ma", "\u202ea"])
def test_a_description_is_one_line(script, description):
    sent = {"name": "editor", "description": description, "includes": []}
    answer = script.post("/admin/roles", json=sent)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["description"])
    make(script, "editor", "user")
    assert script.post("/admin/roles/editor/edit", json=sent).status_code == 422


def test_an_unknown_role_cannot_be_included(script):
    assert make(script, "editor", "king") == 422
    assert script.get("/admin/roles/editor").status_code == 404


def test_an_admin_can_list_roles_but_not_change_them(app):
    owner = factories.user(app, role="admin")
    theirs = Script(app, factories.api_token(app, owner, "admin:read", "admin:write").token)
    assert theirs.get("/admin/roles").status_code == 200
    assert make(theirs, "editor", "user") == 403
    assert edit(theirs, "user", "admin") == 403
    assert theirs.get("/admin/settings").status_code == 403


def test_the_page_to_remove_a_role_shows_what_prevents_it(app, chief):
    person = Person(app)
    person.log_in("chief")
    with services_of(app).get(Database).write() as db:
        roles.add(db, "editor", "Writes.", ["user"])
        roles.add(db, "printer", "Prints.", ["editor"])
        roles.add(db, "porter", "Opens.", ["user"])
        invitations.create(db, InvitationRequest(role="porter"))
    factories.user(app, "paul", role="printer")
    for name, words in (
        ("editor", "printer includes it."),
        ("printer", "1 user has it."),
        ("porter", "Somebody is invited to it."),
        ("admin", "It is a built-in role."),
    ):
        page = person.open(f"/admin/roles/{name}/remove").text
        assert words in page
        assert "button--final" not in page


@pytest.mark.parametrize("extra", [{"closure": ["super_admin"]}, {"name": "super_admin"}, {"is_first": True}])
def test_unknown_fields_of_the_role_form_are_refused(script, extra):
    make(script, "editor", "user")
    sent = {"description": "x", "includes": ["user"]} | extra
    answer = script.post("/admin/roles/editor/edit", json=sent)
    assert (answer.status_code, set(answer.json["errors"])) == (422, set(extra))
    assert script.get("/admin/roles/editor").json["closure"] == ["user", "editor"]


def test_changes_of_roles_are_audit_events_with_old_values(script):
    make(script, "editor", "user")
    edit(script, "editor", "admin")
    script.post("/admin/roles/editor/remove", json={})
    made, edited, removed = (
        script.get(f"/admin/audit?event=role.{action}").json["events"][0] for action in ("made", "edited", "removed")
    )
    assert {event["actor"] for event in (made, edited, removed)} == {"chief"}
    assert edited["changes"] == [{"what": "includes", "before": "user", "after": "admin"}]


def test_roles_are_created_edited_and_removed_on_pages(app, chief):
    person = Person(app)
    person.log_in("chief")
    person.open("/admin/roles")
    person.follow("New role")
    assert "Editor" in person.press("Create role", name="editor", description="Writes.", includes=["user"]).text
    person.follow("Edit editor")
    assert "Writes well" in person.press("Save editor", description="Writes well").text
    person.follow("Remove editor")
    assert "was removed" in person.press("Remove editor").text


def test_settings_show_no_secret(app, chief):
    person = Person(app)
    person.log_in("chief")
    page = person.open("/admin/settings")
    assert page.status_code == 200
    assert app.config["SECRET_KEY"] not in page.text


def test_built_in_descriptions_are_translated_until_edited(app: Flask, script: HeaderClient) -> None:
    def described() -> str:
        found = script.get("/admin/roles", headers={"Accept-Language": "de"}).json["roles"]
        return next(entry["description"] for entry in found if entry["name"] == "admin")

    assert described() == "Kann Benutzer verwalten."
    with services_of(app).get(Database).write() as db:
        db.get_one(Role, "admin").description = "Helps users."
    assert described() == "Helps users."
