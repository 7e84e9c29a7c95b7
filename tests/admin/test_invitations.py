"""/admin/invitations and /admin/mail: as pages and as JSON."""

import pytest

from tests import factories
from tests.browser import Person
from tests.mailbox import Mailbox
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts import closing, invitations
from webapp.accounts.invitations import Wish
from webapp.kernel.clock import now
from webapp.mail import outbox
from webapp.mail.models import OutgoingMail


@pytest.fixture
def mara(app, stranger):
    """An admin at her browser."""
    factories.user(app, "mara", role="admin")
    stranger.log_in("mara")
    return stranger


def script_of(app, role, *scopes):
    owner = factories.user(app, role=role)
    return Script(app, factories.api_token(app, owner, *scopes).token)


def close_and_forget(db, user):
    closing.close(db, user)
    user.closes_at = now()
    db.flush()
    assert closing.forget_due(db) == 1


def test_the_link_is_shown_once_and_lets_somebody_in(app, mara):
    mara.open("/admin/invitations/new")
    page = mara.press("Make the invitation", role="user", note="the team")
    link = page.text.partition("/register/")[2].partition("<")[0]
    assert Person(app).ask("GET", f"/register/{link}").status_code == 303
    assert link not in mara.open("/admin/invitations").text
    assert "the team" in mara.page.text


def test_it_says_when_no_mail_can_be_sent(mara):
    assert "nothing is mailed" in mara.open("/admin/invitations").text
    assert "go to the log" in mara.open("/admin/mail").text


def test_an_invitation_of_an_address_is_mailed(make_app):
    app = make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    factories.user(app, "mara", role="admin")
    mara, mailbox = Person(app), Mailbox(app)
    mara.log_in("mara")
    mara.open("/admin/invitations/new")
    mara.press("Make the invitation", role="user", email="eve@example.org")
    mail = mailbox.one()
    assert mail.to == "eve@example.org"
    assert "mara invites you" in mail.content.text


@pytest.mark.parametrize("role", ["admin", "super_admin"])
def test_an_admin_invites_nobody_to_admin_and_above(app, mara, role):
    before = contents(app)
    mara.open("/admin/invitations/new")
    assert mara.press("Make the invitation", role=role).status_code == 422
    assert contents(app) == before


def test_a_revoked_invitation_lets_nobody_in(app, mara):
    with app.extensions["database"].write() as db:
        path = invitations.make(db, Wish()).path
    mara.open("/admin/invitations")
    assert "revoked" in mara.press("Revoke").text
    assert Person(app).ask("GET", path).status_code == 404


@pytest.mark.parametrize("leave", [closing.disable, closing.delete, close_and_forget])
def test_an_invitation_of_somebody_who_is_gone_lets_nobody_in(app, leave):
    with app.extensions["database"].write() as db:
        ines = db.merge(factories.user(app, "ines", role="admin"))
        path = invitations.make(db, Wish(), by=ines.id, roles=["user", "admin"]).path
    assert Person(app).ask("GET", path).status_code == 303
    with app.extensions["database"].write() as db:
        leave(db, db.merge(ines))
    assert Person(app).ask("GET", path).status_code == 404


@pytest.mark.parametrize("path", ["/admin/invitations", "/admin/invitations/new", "/admin/mail"])
def test_only_admins_look(person, path):
    assert person.open(path).status_code == 403


def test_a_token_needs_the_scope_and_its_owner_the_role(app):
    assert script_of(app, "admin", "admin:read").get("/admin/invitations").status_code == 200
    assert script_of(app, "admin", "profile:read").get("/admin/invitations").status_code == 403
    assert (
        script_of(app, "admin", "admin:read").post("/admin/invitations/new", json={"role": "user"}).status_code == 403
    )


def test_a_script_invites_and_revokes(app):
    script = script_of(app, "admin", "admin:read", "admin:write")
    made = script.post("/admin/invitations/new", json={"role": "user", "days": 2, "most_uses": 3})
    assert made.status_code == 201
    assert made.json["link"].startswith("http://127.0.0.1:8000/register/")
    assert script.post(f"/admin/invitations/{made.json['id']}/revoke").status_code == 204
    assert script.post(f"/admin/invitations/{made.json['id']}/revoke").status_code == 404
    (one,) = script.get("/admin/invitations").json["invitations"]
    assert (one["state"], one["most_uses"]) == ("revoked", 3)


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
        {},
    ],
)
def test_an_invitation_that_does_not_fit_is_refused(app, body):
    script = script_of(app, "admin", "admin:write")
    before = contents(app)
    assert script.post("/admin/invitations/new", json=body).status_code == 422
    assert contents(app) == before


def test_a_mail_that_was_given_up_is_tried_again(app, mara):
    database = app.extensions["database"]
    with database.write() as db:
        mail_id = app.extensions["post"].send(db, "test", "ada@example.org")
        db.flush()
        mail = db.get_one(OutgoingMail, mail_id)
        mail.due_at, mail.tries, mail.last_error = None, outbox.MOST_TRIES, "550 nobody of that name"
    assert "550 nobody of that name" in mara.open("/admin/mail").text
    assert "on its way again" in mara.press("Retry").text
    assert events(app, "mail.retried")
    assert Mailbox(app).one().to == "ada@example.org"


def test_the_outbox_shows_no_link(app, mara):
    Person(app).open("/forgot")
    stranger = Person(app)
    stranger.open("/forgot")
    stranger.press("Send me the link", username="mara")
    assert "/reset/" not in mara.open("/admin/mail").text


def test_a_test_mail_goes_to_the_admin_alone(app, mara):
    mara.open("/admin/mail")
    mara.press("Send me a test mail")
    assert Mailbox(app).one().to == "mara@example.org"


def test_the_form_offers_the_humblest_role_first(app):
    with app.extensions["database"].read() as db:
        assert invitations.may_give(db, ["user", "admin", "super_admin"]) == ("user", "admin", "super_admin")
