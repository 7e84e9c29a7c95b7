"""/admin/mail: what waits, what was sent, what was given up; tried again, and tested."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.mailbox import Mailbox
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts import user_queries
from webapp.admin.mail_kinds import FORMER_KINDS, KINDS, kind_in_words
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.mail.models import OutgoingMail
from webapp.settings import ROOT
from webapp.web.registry import services_of


@pytest.fixture
def mara(app, visitor):
    """An admin at her browser."""
    factories.user(app, "mara", role="admin")
    visitor.log_in("mara")
    return visitor


@pytest.fixture
def script(app):
    owner = factories.user(app, role="admin")
    return Script(app, factories.api_token(app, owner, "admin:read", "admin:write").token)


def put(app, name, **facts):
    with services_of(app).get(Database).write() as db:
        mail_id = services_of(app).get(Mailer).send(db, "test", f"{name}@example.org")
        db.flush()
        for field, value in facts.items():
            setattr(db.get_one(OutgoingMail, mail_id), field, value)
    return mail_id


def test_a_failed_mail_can_be_sent_again(app, mara):
    database = services_of(app).get(Database)
    with database.write() as db:
        mail_id = services_of(app).get(Mailer).send(db, "test", "ada@example.org")
        db.flush()
        mail = db.get_one(OutgoingMail, mail_id)
        mail.due_at, mail.tries, mail.last_error = None, outbox.MAX_TRIES, "550 nobody of that name"
    assert "550 nobody of that name" in mara.open("/admin/mail").text
    assert "will be sent again now" in mara.press("Retry").text
    assert events(app, "mail.retried")
    assert Mailbox(app).one().to == "ada@example.org"


def test_the_outbox_is_filtered_by_state(app, mara, script):
    put(app, "sent", sent_at=now(), due_at=None, sealed=None)
    put(app, "failed", due_at=None)
    put(app, "waiting")
    for state in ("sent", "failed", "waiting"):
        found = script.get(f"/admin/mail?state={state}").json["mails"]
        assert {mail["state"] for mail in found} == {state}
        assert f"{state}@example.org" in {mail["to"] for mail in found}
    assert script.get("/admin/mail?state=eaten").status_code == 400
    assert "failed@example.org" in mara.open("/admin/mail?state=failed").text
    assert ">sent@example.org" not in mara.page.text


def test_the_outbox_shows_no_link(app, mara):
    Person(app).open("/forgot")
    visitor = Person(app)
    visitor.open("/forgot")
    visitor.press("Send link", username="mara")
    assert "/reset/" not in mara.open("/admin/mail").text


def test_a_test_mail_is_sent_only_to_the_admin(app, mara):
    mara.open("/admin/mail")
    mara.press("Send me a test mail")
    assert Mailbox(app).one().to == "mara@example.org"


def test_a_sent_or_unknown_mail_cannot_be_sent_again(app, script):
    sent = put(app, "sent", sent_at=now(), due_at=None, sealed=None)
    before = contents(app)
    for mail_id in (sent, "5" * 8 + "-0000-4000-8000-" + "0" * 12):
        assert script.post(f"/admin/mail/{mail_id}/retry").status_code == 404
    assert contents(app) == before


def test_a_retry_is_an_audit_event_with_actor_and_recipient(app, mara):
    put(app, "ada", due_at=None)
    mara.open("/admin/mail")
    mara.press("Retry")
    line = Script(app, factories.api_token(app, factories.user(app, role="admin"), "admin:read").token)
    (event,) = line.get("/admin/audit?event=mail.retried").json["events"]
    assert event["sentence"] == "The mail to ada@example.org was retried by mara."


def test_a_test_mail_of_a_user_without_an_email_address_is_refused(app, script):
    with services_of(app).get(Database).write() as db:
        for user in user_queries.all_users(db):
            user.email = user.email_key = None
    assert script.post("/admin/mail/test").status_code == 409


def test_the_overview_reports_failed_mails_with_a_link(app, mara):
    put(app, "ada", due_at=None, last_error="550 nobody")
    assert "1 mail could not be sent." in mara.open("/admin").text
    mara.follow("View mail")
    assert "550 nobody" in mara.page.text


def test_a_token_that_can_only_read_sends_no_mail(app):
    reader = Script(app, factories.api_token(app, factories.user(app, role="admin"), "admin:read").token)
    assert reader.get("/admin/mail").status_code == 200
    for path in ("/admin/mail/test", f"/admin/mail/{put(app, 'ada', due_at=None)}/retry"):
        assert reader.post(path).status_code == 403


def test_sent_and_failed_mails_are_deleted_after_ninety_days_and_waiting_ones_kept(app):
    put(app, "sent", sent_at=now(), due_at=None, sealed=None)
    put(app, "failed", due_at=None)
    put(app, "waiting")
    with (
        time_machine.travel(now() + outbox.RETENTION - timedelta(minutes=1)),
        services_of(app).get(Database).write() as db,
    ):
        assert outbox.purge(db) == 0
    with (
        time_machine.travel(now() + outbox.RETENTION + timedelta(minutes=1)),
        services_of(app).get(Database).write() as db,
    ):
        assert outbox.purge(db) == 2
        assert [mail.to for mail in outbox.latest(db)] == ["waiting@example.org"]


def test_the_mail_page_has_a_different_name_for_each_mail():
    assert KINDS.keys() == {path.stem for path in (ROOT / "templates" / "mail").glob("[a-z]*.txt")}
    names = [str(name) for name in KINDS.values()]
    assert len(names) == len(set(names))
    # "Address" alone may be a URL or an IP address.
    assert [name for name in names if "address" in name.replace("e-mail address", "")] == []


@pytest.mark.parametrize(("former", "kind"), FORMER_KINDS.items())
def test_a_mail_of_an_earlier_version_has_the_words_of_its_present_kind(former, kind):
    assert former not in KINDS
    assert kind_in_words(former) == kind_in_words(kind) == str(KINDS[kind])
