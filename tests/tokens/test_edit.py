"""Editing a token in use: fewer permissions apply at once, more need recent authentication."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from tests.tokens.edit_calls import READS, edit, limits
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.editing import TokenEdited
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_page_shows_what_the_token_has_and_saving_it_changes_nothing(person, app, bounded):
    page = person.open(f"/tokens/{bounded.entry.id}/edit").text
    assert 'value="10.0.0.0/8"' in page
    assert "Can read Your profile and read Protected examples until" in page
    before = contents(app)
    person.press("Save")
    assert "laptop was not changed" in person.page.text
    assert contents(app) == before
    assert events(app, "token.edited") == []


def test_removed_permissions_apply_to_the_next_request(person, app, bounded):
    script = Script(app, bounded.token)
    assert script.get("/dashboard").status_code == 200
    assert edit(person, bounded, scopes=["protected:read"]).json["scopes"] == ["protected:read"]
    assert script.get("/dashboard").json["code"] == "scope_required"
    assert script.get("/protected").status_code == 200


def test_omitted_fields_are_not_changed(person, bounded):
    before = limits(person, bounded)
    after = edit(person, bounded, note="on the shelf").json
    assert after == before | {"note": "on the shelf"}


def test_null_removes_no_restriction(person, bounded):
    before = limits(person, bounded)
    nothing = dict.fromkeys(("scopes", "resources", "methods", "networks", "per_minute"))
    assert edit(person, bounded, **nothing).json == before


def test_an_empty_list_removes_a_restriction(person, bounded):
    assert edit(person, bounded, networks=[], methods=[], per_minute="").json["networks"] == []
    assert limits(person, bounded)["per_minute"] is None


def test_a_token_cannot_get_scopes_that_its_owner_lacks(person, app, bounded):
    before = contents(app)
    for fields in ({"scopes": ["admin:read"]}, {"resources": ["/admin/users"]}, {"scopes": ["nonsense"]}):
        assert edit(person, bounded, **fields).status_code == 422
    assert contents(app) == before


def test_scopes_that_the_owner_lost_are_removed_by_a_change(app):
    owner = factories.user(app, "root", role="admin")
    issued = factories.api_token(app, owner, "admin:read", "profile:read")
    with services_of(app).get(Database).write() as db:
        lifecycle.change_role(db, db.get_one(User, owner.id), "user")
    root = Person(app)
    root.log_in("root")
    assert edit(root, issued, note="mine").status_code == 422
    root.open(f"/tokens/{issued.entry.id}/edit")
    root.press("Save")
    assert limits(root, issued)["scopes"] == ["profile:read"]


def test_an_expiry_can_be_moved_forward(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        issued = factories.api_token(app, user, lifetime=timedelta(days=30))
        assert edit(person, issued, expires_on="2026-11-22").json["expires_at"] == "2026-11-23T00:00:00Z"
        clock.move_to(NOON + timedelta(hours=12, seconds=1))
        assert Script(app, issued.token).get("/protected").json["code"] == "token_expired"


@pytest.mark.parametrize("day", ["2026-12-23", "2199-01-01", "9999-12-31"])
def test_an_expiry_cannot_be_extended(app, user, day):
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in(user.username)
        answer = edit(person, factories.api_token(app, user, lifetime=timedelta(days=30)), expires_on=day)
    assert answer.status_code == 422
    assert "Rotate the token instead" in answer.json["errors"]["expires_on"][0]


@pytest.mark.parametrize("day", ["2020-01-01", "0001-01-01", "2026-11-21", "soon", "2026-02-30"])
def test_a_past_or_invalid_date_is_refused(app, user, day):
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in(user.username)
        assert edit(person, factories.api_token(app, user), expires_on=day).status_code == 422


def test_a_change_is_an_audit_event_with_old_and_new_values(person, app, bounded):
    edit(person, bounded, networks=["10.0.0.0/7"], name="desktop")
    (event,) = events(app, "token.edited")
    told = json.loads(str(event["details"]))
    assert (told["before"]["networks"], told["after"]["networks"]) == (["10.0.0.0/8"], ["10.0.0.0/7"])
    assert (told["before"]["name"], told["after"]["name"], told["widened"]) == ("laptop", "desktop", True)
    assert "given more permissions" in person.open("/account/activity").text


def test_subscribers_are_notified_of_changes(person, app, bounded):
    told = []
    services_of(app).replace(TokenEdited)(lambda _db, row, *, is_wider: told.append((row.entry.name, is_wider)))
    edit(person, bounded, per_minute=7)
    edit(person, bounded, per_minute=7)
    edit(person, bounded, per_minute=8)
    assert told == [("laptop", False), ("laptop", True)]


def test_the_binding_to_a_key_is_kept_by_every_change(person, app, user):
    issued = factories.api_token(app, user, grant=TokenGrant(READS, jkt="k" * 43))
    edit(person, issued, scopes=["profile:read"])
    assert f'"jkt":"{"k" * 43}"' in str(contents(app))


def test_a_taken_name_is_refused(person, app, user, bounded):
    factories.api_token(app, user, name="desktop")
    before = contents(app)
    answer = edit(person, bounded, name="DeskTop")
    assert answer.status_code == 422
    assert "already have a token" in answer.json["errors"]["name"][0]
    assert contents(app) == before


def test_an_ended_token_cannot_be_changed(person, bounded):
    person.open(f"/tokens/{bounded.entry.id}/revoke")
    person.press("Revoke")
    assert person.open(f"/tokens/{bounded.entry.id}/edit").status_code == 409
    assert edit(person, bounded, note="x").status_code == 409


def test_the_token_of_another_user_is_404(person, app):
    foreign = factories.api_token(app, factories.user(app, "grace"))
    assert person.open(f"/tokens/{foreign.entry.id}/edit").status_code == 404
    assert edit(person, foreign, note="x").status_code == 404


def test_a_token_cannot_change_tokens(app, user, bounded):
    script = Script(app, factories.api_token(app, user, *services_of(app).get(Catalogue).held_by(("user",))).token)
    assert script.post(f"/tokens/{bounded.entry.id}/edit", json={"note": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"networks": ["nonsense"]}, 422), ({"methods": ["BREW"]}, 422), ({"per_minute": 0}, 422),
        ({"scopes": []}, 422),
        ({"name": "x" * 51}, 422), ({"note": "x" * 201}, 422), ({"networks": "10.0.0.0/8"}, 400),
        ({"per_minute": [1]}, 400), ({"name": ["x"]}, 400), ({"scopes": {"a": 1}}, 400),
    ],
    ids=str,
)  # fmt: skip
def test_an_invalid_form_changes_nothing(person, app, bounded, fields, status):
    before = contents(app)
    assert edit(person, bounded, **fields).status_code == status
    assert contents(app) == before
