"""An admin sends somebody a link to set a new password."""

import pytest

from tests import factories
from tests.admin.admin_objects import by_session
from tests.browser import Person
from tests.outbox_mails import mails
from tests.tables import contents, events, everything
from webapp.core.db import Database
from webapp.web.registry import services_of

WHY = "lost the paper it was on"
NEW = "a quite new battery staple"


@pytest.fixture
def mailing(make_app):
    return make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:1")


@pytest.fixture
def app(make_app):
    return make_app()


def at_work(app):
    """Ines, an admin, at her browser, and Ada, whose password is lost."""
    ines, ada = Person(app), factories.user(app, "ada")
    factories.user(app, "ines", role="admin")
    ines.log_in("ines")
    return ines, ada


def send(ines, ada):
    ines.open(f"/admin/users/{ada.id}")
    ines.follow("Send reset link")
    return ines.press("Send reset link", reason=WHY)


def test_a_reset_link_is_mailed_to_the_user_and_not_shown(mailing):
    ines, ada = at_work(mailing)
    page = send(ines, ada)
    assert "A reset link was sent to ada@example.org" in page.text
    (mail,) = mails(mailing)
    assert (mail.kind, mail.to) == ("reset_offered", "ada@example.org")
    assert WHY in mail.text
    assert "ines" in mail.text
    assert mail.link not in page.text


def test_a_reset_link_sets_a_new_password_once(mailing):
    ines, ada = at_work(mailing)
    send(ines, ada)
    theirs = Person(mailing)
    theirs.open(mails(mailing)[0].link)
    theirs.press("Set password", password=NEW)
    assert theirs.log_in("ada", NEW).request.path == "/dashboard"
    assert theirs.open(mails(mailing)[0].link).status_code == 404


def test_without_a_mail_server_the_link_is_shown_to_copy(app):
    ines, ada = at_work(app)
    page = send(ines, ada)
    assert page.status_code == 201
    assert "no-store" in page.headers["Cache-Control"]
    assert "http://localhost:8000/reset/" in page.text
    assert mails(app) == []


def test_for_a_user_without_an_email_address_the_link_is_shown(mailing, database):
    ines, ada = at_work(mailing)
    with services_of(mailing).get(Database).write() as db:
        found = db.merge(ada)
        found.email = found.email_key = None
    assert "/reset/" in send(ines, ada).text


def test_a_reset_link_is_an_audit_event_without_the_link(app, instance):
    ines, ada = at_work(app)
    secret = send(ines, ada).text.split("/reset/")[1].split("<")[0]
    (noted,) = events(app, "reset.asked")
    assert WHY in str(noted["details"])
    assert noted["actor_id"] is not None
    assert secret not in everything(instance / "latchkey.db")


def test_a_request_in_json_mails_the_link_too(mailing):
    _, ada = at_work(mailing)
    script = by_session(mailing, "ines")
    answer = script.post(f"/admin/users/{ada.id}/reset-link", json={"reason": WHY})
    assert (answer.status_code, answer.json) == (201, {"mailed_to": "ada@example.org", "link": None})
    refused = script.post(f"/admin/users/{ada.id}/reset-link", json={"reason": ""})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["reason"])


def test_the_former_link_is_void(app):
    ines, ada = at_work(app)
    first = send(ines, ada).text.split("http://localhost:8000")[1].split("<")[0]
    send(ines, ada)
    assert Person(app).open(first).status_code == 404


def test_a_disabled_user_must_be_enabled_first(mailing):
    _, ada = at_work(mailing)
    script = by_session(mailing, "ines")
    script.post(f"/admin/users/{ada.id}/disable", json={"reason": WHY})
    before = contents(mailing)
    assert script.post(f"/admin/users/{ada.id}/reset-link", json={"reason": WHY}).status_code == 409
    assert contents(mailing) == before
