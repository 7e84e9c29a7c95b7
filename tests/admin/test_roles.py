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


def test_what_a_role_includes_is_listed_the_humblest_first():
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


def test_what_an_included_role_opens_is_open_on_the_next_request(app, script):
    make(script, "helper", "user")
    owner = factories.user(app, role="helper")
    theirs = Script(app, factories.api_token(app, owner, "protected:read").token)
    assert theirs.get("/protected/admin").status_code == 403
    assert edit(script, "helper", "admin") == 200
    assert theirs.get("/protected/admin").status_code == 200
    assert edit(script, "helper", "user") == 200
    assert theirs.get("/protected/admin").status_code == 403


def test_a_change_below_counts_for_all_above(script):
    make(script, "low", "user")
    make(script, "high", "low")
    edit(script, "low", "admin")
    assert script.get("/admin/roles/high").json["closure"] == ["user", "admin", "low", "high"]


def test_a_role_in_use_does_not_vanish(app, script):
    make(script, "editor", "user")
    factories.user(app, role="editor")
    answer = script.post("/admin/roles/editor/remove", json={})
    assert answer.status_code == 409
    assert script.get("/admin/roles/editor").status_code == 200


def test_a_role_that_another_includes_does_not_vanish(script):
    make(script, "editor", "user")
    make(script, "printer", "editor")
    assert script.post("/admin/roles/editor/remove", json={}).status_code == 409
    assert script.post("/admin/roles/printer/remove", json={}).status_code == 204
    assert script.post("/admin/roles/editor/remove", json={}).status_code == 204


def test_a_role_that_somebody_is_invited_to_does_not_vanish_until_that_is_over(script):
    make(script, "editor", "user")
    invited = script.post("/admin/invitations/new", json={"role": "editor"}).json["id"]
    assert script.post("/admin/roles/editor/remove", json={}).status_code == 409
    script.post(f"/admin/invitations/{invited}/revoke")
    assert script.post("/admin/roles/editor/remove", json={}).status_code == 204


@pytest.mark.parametrize("name", ["user", "admin", "super_admin"])
def test_the_three_to_begin_with_stay(script, name):
    assert script.post(f"/admin/roles/{name}/remove", json={}).status_code == 409


def test_admin_goes_on_including_user_and_super_admin_admin(script):
    assert edit(script, "admin") == 422
    assert edit(script, "super_admin", "user") == 422


def test_the_last_way_to_super_admin_is_not_closed_by_a_role(app, script, chief):
    make(script, "owner", "super_admin")
    sent = {"role": "owner", "reason": "a name of our own"}
    assert script.post(f"/admin/users/{chief.id}/role", json=sent).status_code == 200
    assert edit(script, "owner", "user") == 409
    assert script.get("/admin/settings").status_code == 200


@pytest.mark.parametrize("name", ["A", "x", "1st", "a b", "a" * 21, "ünï", "user\n", ""])
def test_an_unfit_name_is_refused(script, name):
    assert make(script, name, "user") in (400, 422)


@pytest.mark.parametrize("description", ["", " ", "x" * 201, "a\nb", "\x1b[31ma", "\u202ea"])
def test_what_a_role_is_for_is_said_in_one_line(script, description):
    sent = {"name": "editor", "description": description, "includes": []}
    answer = script.post("/admin/roles", json=sent)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["description"])
    make(script, "editor", "user")
    assert script.post("/admin/roles/editor/edit", json=sent).status_code == 422


def test_an_unknown_role_is_not_included(script):
    assert make(script, "editor", "king") == 422
    assert script.get("/admin/roles/editor").status_code == 404


def test_an_admin_sees_roles_and_changes_none(app):
    owner = factories.user(app, role="admin")
    theirs = Script(app, factories.api_token(app, owner, "admin:read", "admin:write").token)
    assert theirs.get("/admin/roles").status_code == 200
    assert make(theirs, "editor", "user") == 403
    assert edit(theirs, "user", "admin") == 403
    assert theirs.get("/admin/settings").status_code == 403


def test_the_page_to_remove_a_role_says_first_what_keeps_it(app, chief):
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
def test_what_the_form_of_a_role_does_not_ask_for_is_not_taken(script, extra):
    make(script, "editor", "user")
    sent = {"description": "x", "includes": ["user"]} | extra
    answer = script.post("/admin/roles/editor/edit", json=sent)
    assert (answer.status_code, set(answer.json["errors"])) == (422, set(extra))
    assert script.get("/admin/roles/editor").json["closure"] == ["user", "editor"]


def test_who_made_changed_and_removed_a_role_is_written_down_with_what_it_was(script):
    make(script, "editor", "user")
    edit(script, "editor", "admin")
    script.post("/admin/roles/editor/remove", json={})
    made, edited, removed = (
        script.get(f"/admin/audit?event=role.{action}").json["events"][0] for action in ("made", "edited", "removed")
    )
    assert {event["actor"] for event in (made, edited, removed)} == {"chief"}
    assert edited["changes"] == [{"what": "includes", "before": "user", "after": "admin"}]


def test_people_make_edit_and_remove_one_on_pages(app, chief):
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


def test_built_in_descriptions_are_translated_until_somebody_edits_them(app: Flask, script: HeaderClient) -> None:
    def described() -> str:
        found = script.get("/admin/roles", headers={"Accept-Language": "de"}).json["roles"]
        return next(entry["description"] for entry in found if entry["name"] == "admin")

    assert described() == "Kann Benutzer verwalten."
    with services_of(app).get(Database).write() as db:
        db.get_one(Role, "admin").description = "Helps users."
    assert described() == "Helps users."
