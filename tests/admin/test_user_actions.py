"""Admin actions on users: their immediate effect, their audit events, and the requirements."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.admin.admin_objects import NOBODY, WHY, by_session, role_of
from tests.browser import Person
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import contents, events
from webapp.core.clock import now


@pytest.fixture
def person(ines: Person) -> Person:
    return ines


def test_a_disabled_user_is_logged_out_and_their_script_refused(app, person, user):
    theirs, machine = Person(app), Script(app, factories.api_token(app, user).token)
    theirs.log_in("ada")
    assert machine.get("/dashboard").status_code == 200
    person.open(f"/admin/users/{user.id}/disable")
    assert "1 session" in person.page.text
    assert "1 API token" in person.page.text
    assert person.press("Disable ada", reason=WHY).status_code == 200
    assert theirs.open("/dashboard").request.path == "/login"
    assert machine.get("/dashboard").json["code"] == "token_revoked"


def test_links_mailed_before_disabling_stay_void_after_enabling(app, admin, user):
    theirs = Person(app)
    theirs.log_in("ada")
    theirs.open("/account")
    theirs.press("Send verification link", email="eve@evil.example")
    visitor = Person(app)
    visitor.open("/forgot")
    visitor.press("Send link", username="ada")
    links = [mail.link for mail in mails(app) if mail.kind in ("confirm_email", "reset_password")]
    assert [Person(app).open(link).status_code for link in links] == [200, 200]
    at_work = by_session(app, admin.username)
    for act in ("disable", "enable"):
        assert at_work.post(f"/admin/users/{user.id}/{act}", json={"reason": WHY}).status_code == 200
    assert [Person(app).open(link).status_code for link in links] == [404, 404]


def test_actions_are_audit_events_with_actor_and_reason(app, person, admin, user):
    person.open(f"/admin/users/{user.id}/disable")
    person.press("Disable ada", reason=WHY)
    (noted,) = events(app, "user.disabled")
    assert noted["actor_id"] == admin.id.hex
    assert WHY in str(noted["details"])


def test_the_user_gets_a_mail_about_the_action(app, person, user):
    person.open(f"/admin/users/{user.id}/disable")
    person.press("Disable ada", reason=WHY)
    assert any("account_disabled" in row and "ada@example.org" in row for row in contents(app)["outgoing_mail"])


def test_actions_need_a_reason(app, script, user):
    before = contents(app)
    answer = script.post(f"/admin/users/{user.id}/disable", json={"reason": ""})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["reason"])
    assert contents(app) == before


def test_a_super_admin_can_grant_admin_from_the_next_request(app, chief, user):
    theirs = Script(app, factories.api_token(app, user, "protected:read").token)
    assert theirs.get("/protected/admin").status_code == 403
    keeper = by_session(app, chief.username)
    assert keeper.post(f"/admin/users/{user.id}/role", json={"role": "admin", "reason": WHY}).json["role"] == "admin"
    assert theirs.get("/protected/admin").status_code == 200


@pytest.mark.parametrize("act", ["disable", "enable", "unlock", "end-sessions", "reset-link", "role", "reset-factors"])
@pytest.mark.parametrize(
    "reason",
    [
        *("", " ", None, "x" * 201, 7, ["x"]),
        *("left\r\n\r\nThis was not me:\nhttps://evil.example/", "\x1b[31mleft", "\u202etfel", "left\u2028."),
    ],
)
def test_a_reason_is_one_line_of_at_most_two_hundred_characters(app, admin, user, act, reason):
    at_work = by_session(app, admin.username)
    before = contents(app)
    answer = at_work.post(f"/admin/users/{user.id}/{act}", json={"role": "user", "reason": reason})
    assert answer.status_code in (400, 422)
    assert contents(app) == before


@pytest.mark.parametrize("role", ["king", "", " ", "ADMIN", "user'--", "x" * 300, None, 7, ["user"], {"a": 1}])
def test_an_unknown_role_cannot_be_given(app, script, user, role):
    assert script.post(f"/admin/users/{user.id}/role", json={"role": role, "reason": WHY}).status_code in (400, 422)
    assert role_of(app, user) == "user"


def test_an_old_session_needs_a_step_up_before_an_action(app, user):
    factories.user(app, "ines", role="admin")
    with time_machine.travel(now(), tick=False) as clock:
        ines = Person(app)
        ines.log_in("ines")
        clock.shift(timedelta(minutes=11))
        assert ines.open(f"/admin/users/{user.id}").status_code == 200
        assert "/confirm" in ines.open(f"/admin/users/{user.id}/disable").request.path
        sent = {"reason": WHY, "csrf_token": ines.csrf_token}
        ines.ask("POST", f"/admin/users/{user.id}/disable", data=sent)
    assert events(app, "user.disabled") == []


def test_unknown_fields_of_an_action_change_nothing(app, script, user):
    before = contents(app)["user"]
    extra = {"role": "super_admin", "password_hash": "x", "email": "evil@example.org", "id": NOBODY}
    answer = script.post(f"/admin/users/{user.id}/end-sessions", json={"reason": WHY} | extra)
    assert (answer.status_code, set(answer.json["errors"])) == (422, set(extra))
    assert contents(app)["user"] == before


def test_deleting_needs_the_full_name_and_keeps_the_audit_log(app, script, user):
    assert script.post(f"/admin/users/{user.id}/delete", json={"username": "Ada", "reason": WHY}).status_code == 422
    assert script.post(f"/admin/users/{user.id}/delete", json={"username": "ada", "reason": WHY}).status_code == 204
    assert script.get(f"/admin/users/{user.id}").status_code == 404
    assert {event["user_id"] for event in events(app, "user.made")} >= {user.id.hex}
    assert script.get(f"/admin/audit?user={user.id}").json["events"][0]["event"] == "user.deleted"
