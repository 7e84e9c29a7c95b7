"""/admin/invitations: as pages and as JSON."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import insert

from tests import factories
from tests.admin.admin_objects import by_session
from tests.browser import Person
from tests.mailbox import Mailbox
from tests.outbox_mails import mails
from tests.script import Script
from tests.statements import statements
from tests.tables import contents
from webapp.accounts import invitations, lifecycle
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import Invitation
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of

NEW = "/admin/invitations/new"
SMTP = {"WEBAPP_SMTP_URL": "smtp://127.0.0.1:9"}


@pytest.fixture
def mara(app, visitor):
    """An admin at her browser."""
    factories.user(app, "mara", role="admin")
    visitor.log_in("mara")
    return visitor


def script_of(app, role, *scopes):
    owner = factories.user(app, role=role)
    return Script(app, factories.api_token(app, owner, *scopes).token)


def session_of(app, role):
    return by_session(app, factories.user(app, role=role).username)


def close_and_forget(db, user):
    lifecycle.close(db, user)
    user.closes_at = now()
    db.flush()
    assert lifecycle.delete_due(db) == 1


def test_an_invitation_link_is_shown_once_and_can_be_used(app, mara):
    mara.open("/admin/invitations/new")
    page = mara.press("Create invitation", role="user", note="the team")
    link = page.text.partition("/register/")[2].partition("<")[0]
    assert Person(app).ask("GET", f"/register/{link}").status_code == 303
    assert link not in mara.open("/admin/invitations").text
    assert "the team" in mara.page.text


def test_the_page_says_when_no_mail_can_be_sent(mara):
    assert "nothing is mailed" in mara.open("/admin/invitations").text
    assert "only written to the log" in mara.open("/admin/mail").text


def test_an_invitation_of_an_email_address_is_mailed(make_app):
    app = make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    factories.user(app, "mara", role="admin")
    mara, mailbox = Person(app), Mailbox(app)
    mara.log_in("mara")
    mara.open("/admin/invitations/new")
    mara.press("Create invitation", role="user", email="eve@example.org")
    mail = mailbox.one()
    assert mail.to == "eve@example.org"
    assert "mara invites you" in mail.content.text


@pytest.mark.parametrize("role", ["admin", "super_admin"])
def test_an_admin_cannot_invite_admins(app, mara, role):
    before = contents(app)
    mara.open("/admin/invitations/new")
    assert mara.press("Create invitation", role=role).status_code == 422
    assert contents(app) == before


def test_a_revoked_invitation_is_refused(app, mara):
    with services_of(app).get(Database).write() as db:
        path = invitations.create(db, InvitationRequest()).path
    mara.open("/admin/invitations")
    assert "revoked" in mara.press("Revoke").text
    assert Person(app).ask("GET", path).status_code == 404


@pytest.mark.parametrize("leave", [lifecycle.disable, lifecycle.delete, close_and_forget])
def test_an_invitation_by_a_deleted_user_is_refused(app, leave):
    with services_of(app).get(Database).write() as db:
        ines = db.merge(factories.user(app, "ines", role="admin"))
        path = invitations.create(db, InvitationRequest(), by=ines.id, roles=["user", "admin"]).path
    assert Person(app).ask("GET", path).status_code == 303
    with services_of(app).get(Database).write() as db:
        leave(db, db.merge(ines))
    assert Person(app).ask("GET", path).status_code == 404


@pytest.mark.parametrize("path", ["/admin/invitations", "/admin/invitations/new", "/admin/mail"])
def test_only_admins_can_list_invitations(person, path):
    assert person.open(path).status_code == 403


def test_a_token_needs_the_scope_and_its_owner_the_role(app):
    assert script_of(app, "admin", "admin:read").get("/admin/invitations").status_code == 200
    assert script_of(app, "admin", "profile:read").get("/admin/invitations").status_code == 403
    assert (
        script_of(app, "admin", "admin:read").post("/admin/invitations/new", json={"role": "user"}).status_code == 403
    )


def test_a_session_can_invite_with_json_and_a_token_can_revoke(app):
    ines, script = session_of(app, "admin"), script_of(app, "admin", "admin:read", "admin:write")
    made = ines.post("/admin/invitations/new", json={"role": "user", "days": 2, "most_uses": 3})
    assert made.status_code == 201
    assert made.json["link"].startswith("http://localhost:8000/register/")
    assert script.post(f"/admin/invitations/{made.json['id']}/revoke").status_code == 204
    assert script.post(f"/admin/invitations/{made.json['id']}/revoke").status_code == 404
    (one,) = script.get("/admin/invitations").json["invitations"]
    assert (one["state"], one["most_uses"]) == ("revoked", 3)


def test_an_admin_can_invite_after_a_step_up(app, visitor):
    factories.user(app, "chief", role="super_admin")
    with time_machine.travel(now(), tick=False) as clock:
        visitor.log_in("chief")
        clock.shift(timedelta(minutes=11))
        assert "confirm" in visitor.open("/admin/invitations/new").request.path
        visitor.press("Confirm", password=factories.PASSWORD)
        assert visitor.page.request.path == "/admin/invitations/new"
        page = visitor.press("Create invitation", role="admin", note="the next keeper")
    assert page.status_code == 201
    assert "/register/" in page.text


def test_a_form_that_needs_a_step_up_is_kept_and_sent_after_it(app, visitor):
    factories.user(app, "chief", role="super_admin")
    with time_machine.travel(now(), tick=False) as clock:
        visitor.log_in("chief")
        visitor.open("/admin/invitations/new")
        clock.shift(timedelta(minutes=11))
        before = contents(app)["invitation"]
        visitor.press("Create invitation", role="admin", note="the next keeper")
        assert contents(app)["invitation"] == before


@pytest.mark.parametrize("forged", [{"created_by": "x"}, {"uses": -5}, {"expires_at": 0}, {"digest": "x", "id": "1"}])
def test_unknown_fields_of_the_form_are_refused(app, forged):
    answer = session_of(app, "admin").post("/admin/invitations/new", json={"role": "user"} | forged)
    assert (answer.status_code, set(answer.json["errors"])) == (422, set(forged))
    assert contents(app)["invitation"] == []


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("can_mail", [True, False])
def test_a_link_is_either_mailed_or_shown(make_app, accept, can_mail):
    """Else whoever invited could verify somebody's address for them."""
    app = make_app(**(SMTP if can_mail else {}))
    boss = session_of(app, "admin")
    to_address = boss.post(NEW, json={"role": "user", "email": "eve@example.org"}, headers={"Accept": accept})
    to_anybody = boss.post(NEW, json={"role": "user"}, headers={"Accept": accept})
    assert (to_address.status_code, "/register/" in to_address.text) == (201 if can_mail else 422, False)
    assert (to_anybody.status_code, "/register/" in to_anybody.text) == (201, True)
    assert [mail.to for mail in mails(app) if mail.kind == "invitation"] == ["eve@example.org"] * can_mail


def test_an_invitation_is_an_audit_event(make_app):
    app = make_app(**SMTP)
    script = session_of(app, "admin")
    made = script.post("/admin/invitations/new", json={"role": "user", "email": "eve@example.org"}).json
    script.post(f"/admin/invitations/{made['id']}/revoke")
    for action, sentence in (
        ("revoked", "The invitation for eve@example.org was revoked by person"),
        ("made", "eve@example.org was invited to the role user by person"),
    ):
        (found,) = script.get(f"/admin/audit?event=invitation.{action}").json["events"]
        assert found["sentence"].startswith(sentence)


@pytest.mark.parametrize("path", ["/admin/invitations", "/admin/mail?state=waiting"])
def test_an_older_page_links_back_to_the_latest(mara, path):
    joint = "&" if "?" in path else "?"
    mara.open(f"{path}{joint}before=2026-01-01T00:00:00Z")
    assert mara.follow("Newest").request.full_path.rstrip("?") == path
    assert "Newest" not in mara.page.text


@pytest.mark.parametrize("query", ["before=x", "before=1", "before=2026-01-01", "before=%00"])
@pytest.mark.parametrize("path", ["/admin/invitations", "/admin/mail"])
def test_invalid_query_parameters_are_refused_with_messages(app, path, query):
    answer = script_of(app, "admin", "admin:read").get(f"{path}?{query}")
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["before"])


def test_a_page_of_many_invitations_takes_as_many_statements_as_one_of_few(app):
    script = script_of(app, "admin", "admin:read")
    script.get("/admin/invitations")
    with statements(app) as asked:
        script.get("/admin/invitations")
    few = len(asked)
    with services_of(app).get(Database).write() as db:
        made = [many(number) for number in range(5 * invitations.PAGE)]
        db.execute(insert(Invitation), made)
    with statements(app) as asked:
        answer = script.get("/admin/invitations").json
    assert len(asked) == few
    assert (len(answer["invitations"]), answer["has_more"]) == (invitations.PAGE, True)


def many(number: int) -> dict[str, object]:
    moment = now() + timedelta(seconds=number)
    facts = {"role": "user", "note": "", "expires_at": moment, "most_uses": 1, "uses": 0}
    return facts | {"id": uuid4(), "digest": number.to_bytes(32), "created_at": moment}


@pytest.mark.parametrize(
    "body",
    [
        {"role": "king"},
        {"role": "user", "days": 0},
        {"role": "user", "days": 10**9},
        {"role": "user", "most_uses": 10**6},
        {"role": "user", "email": "x"},
        {"role": "user", "email": "a@example.org\r\nBcc: b@example.org"},
        {"role": "user", "note": "x" * 201},
        {"role": "user", "note": "x\r\ny"},
        {"role": "user", "note": "\u202ex"},
        {},
    ],
)
def test_an_invalid_invitation_is_refused(app, body):
    ines = session_of(app, "admin")
    before = contents(app)
    assert ines.post("/admin/invitations/new", json=body).status_code == 422
    assert contents(app) == before


def test_the_form_lists_the_lowest_role_first(app):
    with services_of(app).get(Database).read() as db:
        assert invitations.may_give(db, ["user", "admin", "super_admin"]) == ("user", "admin", "super_admin")
