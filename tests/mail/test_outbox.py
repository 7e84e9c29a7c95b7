"""A mail is written in the transaction of its cause, and sent once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.mail.models import OutgoingMail
from webapp.mail.outbox import LeasedMail
from webapp.mail.transport import LogTransport, NotSent
from webapp.mail.worker import MailWorker
from webapp.testing import as_user
from webapp.web.registry import services_of

TO = "ada@example.org"


class Box:
    """A transport that keeps, or refuses, what it is given."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses, self.mails = refuses, list[LeasedMail]()

    def send(self, mail: LeasedMail) -> None:
        if self.refuses:
            raise NotSent("the server is down")
        self.mails.append(mail)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def worker(app: Flask, database: Database, box: Box) -> MailWorker:
    return MailWorker(database, services_of(app).get(Mailer).encryptor, box)


def put(app: Flask, database: Database) -> None:
    with database.write() as db:
        services_of(app).get(Mailer).send(db, "test", TO)


def row(database: Database) -> OutgoingMail:
    with database.read() as db:
        return db.query(OutgoingMail).one()


def test_a_mail_is_rendered_from_both_templates(app: Flask, database: Database, worker: MailWorker, box: Box) -> None:
    put(app, database)
    worker.send_due()
    (mail,) = box.mails
    assert (mail.to, mail.content.subject) == (TO, "Test mail from Latchkey")
    assert mail.content.text.startswith("This is a test")
    assert "<p>This is a test" in mail.content.html


def test_a_mail_of_a_rolled_back_transaction_is_not_sent(
    app: Flask, database: Database, worker: MailWorker, box: Box
) -> None:
    def fail() -> None:
        with database.write() as db:
            services_of(app).get(Mailer).send(db, "test", TO)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert worker.send_due() == 0
    assert box.mails == []


def test_two_workers_send_a_mail_once(app: Flask, database: Database, worker: MailWorker, box: Box) -> None:
    put(app, database)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: worker.send_due(), range(4))) == 1
    assert len(box.mails) == 1


def test_the_content_is_encrypted_while_waiting_and_deleted_when_sent(
    app: Flask, database: Database, worker: MailWorker
) -> None:
    put(app, database)
    assert b"read this" not in (row(database).sealed or b"")
    worker.send_due()
    assert row(database).sealed is None


def test_mails_are_kept_while_the_server_is_down(app: Flask, database: Database, worker: MailWorker, box: Box) -> None:
    put(app, database)
    box.refuses = True
    assert worker.send_due() == 1
    assert row(database).last_error == "the server is down"
    assert worker.send_due() == 0, "it waits before it tries again"
    box.refuses = False
    with time_machine.travel(now() + timedelta(minutes=1), tick=False):
        worker.send_due()
    assert len(box.mails) == 1


def test_mails_of_a_dead_worker_are_taken_over(app: Flask, database: Database, worker: MailWorker, box: Box) -> None:
    put(app, database)
    with database.write() as db:
        assert outbox.lease(db, services_of(app).get(Mailer).encryptor)
    assert worker.send_due() == 0
    with time_machine.travel(now() + outbox.LEASE + timedelta(seconds=1), tick=False):
        worker.send_due()
    assert len(box.mails) == 1


def test_a_mail_is_given_up_after_the_last_attempt_and_can_be_retried(
    app: Flask, database: Database, worker: MailWorker, box: Box
) -> None:
    put(app, database)
    box.refuses, moment = True, now()
    with time_machine.travel(moment, tick=False) as clock:
        for _ in range(outbox.MAX_TRIES):
            worker.send_due()
            clock.shift(outbox.LONGEST_WAIT)
        assert row(database).due_at is None
        box.refuses = False
        assert worker.send_due() == 0
        with database.write() as db:
            assert outbox.retry(db, row(database).id)
        worker.send_due()
    assert len(box.mails) == 1


def test_a_slow_server_does_not_make_two_workers_send_a_mail(
    app: Flask, database: Database, worker: MailWorker, box: Box
) -> None:
    for _ in range(10):
        put(app, database)
    other = Box()
    with time_machine.travel(now(), tick=False) as clock:

        def slowly(mail: LeasedMail) -> None:
            box.mails.append(mail)
            clock.shift(timedelta(minutes=1))
            if len(box.mails) == 5:
                MailWorker(database, services_of(app).get(Mailer).encryptor, other).send_due()

        box.send = slowly  # type: ignore[method-assign]
        worker.send_due()
    assert sorted(mail.id for mail in box.mails + other.mails) == sorted({mail.id for mail in box.mails + other.mails})
    assert len(box.mails + other.mails) == 10


@pytest.mark.parametrize("refuses", [False, True])
def test_deleting_a_user_during_sending_does_not_delay_other_mails(
    app: Flask, database: Database, worker: MailWorker, box: Box, refuses: bool
) -> None:
    for _ in range(3):
        put(app, database)

    def meanwhile(mail: LeasedMail) -> None:
        with database.write() as db:
            db.delete(db.get_one(OutgoingMail, mail.id))
        Box.send(box, mail)

    box.refuses, box.send = refuses, meanwhile  # type: ignore[method-assign]
    assert worker.send_due() == 3


def test_the_waiting_time_doubles_after_each_attempt_up_to_four_hours(
    app: Flask, database: Database, worker: MailWorker, box: Box
) -> None:
    put(app, database)
    box.refuses, waits = True, list[timedelta]()
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(outbox.MAX_TRIES - 1):
            assert worker.send_due() == 1
            waits.append((row(database).due_at or now()) - now())
            clock.shift(waits[-1])
    seconds = [wait.total_seconds() for wait in waits]
    assert seconds == [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 14400, 14400]


def test_a_stopped_worker_finishes_the_current_mail_and_leaves_the_others(
    app: Flask, database: Database, worker: MailWorker, box: Box
) -> None:
    put(app, database)
    put(app, database)
    talking, may_go_on = threading.Event(), threading.Event()

    def slowly(mail: LeasedMail) -> None:
        talking.set()
        may_go_on.wait(30)
        box.mails.append(mail)

    box.send = slowly  # type: ignore[method-assign]
    worker.start()
    worker.wake()
    assert talking.wait(30)
    worker.stop()
    assert not worker.join(0.05)
    may_go_on.set()
    assert worker.join(30)
    with database.read() as db:
        states = {mail.id: (mail.state, mail.tries) for mail in outbox.latest(db)}
    (sent,) = box.mails
    assert states.pop(sent.id) == ("sent", 1)
    assert list(states.values()) == [("waiting", 0)]
    assert MailWorker(database, services_of(app).get(Mailer).encryptor, Box()).send_due() == 1


def test_a_mail_written_to_the_log_is_not_called_sent(app: Flask, database: Database) -> None:
    put(app, database)
    MailWorker(database, services_of(app).get(Mailer).encryptor, LogTransport()).send_due()
    assert (row(database).state, row(database).sealed) == ("logged", None)
    with database.read() as db:
        assert outbox.states(db) == {"waiting": 0, "sent": 0, "logged": 1, "failed": 0}
    boss = as_user(app, "boss", role="admin")
    assert "written to the log" in boss.get("/admin/mail").text
    assert boss.get("/admin/mail", headers={"Accept": "application/json"}).json["mails"][0]["state"] == "logged"
    assert boss.post(f"/admin/mail/{row(database).id}/retry").status_code == 404


def test_a_mail_without_recipient_is_discarded_and_not_counted(app: Flask, database: Database) -> None:
    with database.write() as db:
        for to in ("ada@example.org", outbox.NO_EMAIL):
            services_of(app).get(Mailer).send(db, "test", to)
    with database.write() as db:
        assert outbox.give_up_all(db, before=now() + timedelta(seconds=1), reason="held back") == 1
        assert not [mail for mail in db.query(OutgoingMail) if mail.due_at]
