"""A real mail server on loopback: taken, down, slow, refusing, gone in the middle; answers unchanged, no mail lost."""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from tests import factories
from tests.browser import Person
from tests.ports import free_port
from webapp.core.db import Database
from webapp.mail.mailer import Mailer
from webapp.mail.models import OutgoingMail
from webapp.mail.transport import Smtp
from webapp.mail.worker import MailWorker
from webapp.web.registry import services_of


class Catcher:
    """Keeps what it is sent, or behaves badly."""

    def __init__(self, how: str = "") -> None:
        self.how, self.mails = how, []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's
        if self.how == "refuses":
            return f"550 5.1.1 <{address}>: user {address.partition('@')[0].upper()} unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's
        if self.how == "drops":
            server.transport.abort()
            return "250 never heard"
        if self.how == "later":
            return "451 try again later"
        self.greeting, self.envelope = session.host_name, (envelope.mail_from, envelope.rcpt_tos)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def serving(how: str = "") -> Iterator[tuple[str, Catcher]]:
    catcher = Catcher(how)
    controller = Controller(catcher, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}", catcher
    finally:
        controller.stop()


def worker_for(app, url, patience=5.0):
    return MailWorker(
        services_of(app).get(Database),
        services_of(app).get(Mailer).encryptor,
        Smtp(url, "Latchkey <l@example.org>", patience),
    )


def put(app, to="ada@example.org"):
    with services_of(app).get(Database).write() as db:
        return services_of(app).get(Mailer).send(db, "test", to)


def row(app, mail_id):
    with services_of(app).get(Database).read() as db:
        return db.get_one(OutgoingMail, mail_id)


def test_a_mail_has_a_text_and_an_html_part(app):
    with serving() as (url, catcher):
        put(app)
        worker_for(app, url).send_due()
    (mail,) = catcher.mails
    assert (mail["To"], mail["Subject"], mail["Auto-Submitted"]) == (
        "ada@example.org",
        "Test mail from Latchkey",
        "auto-generated",
    )
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("how", ["refuses", "drops", "later", "down", "slow"])
def test_a_misbehaving_server_loses_no_mail(app, how):
    mail_id = put(app)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if how == "slow":
            silent.listen()
        if how in ("down", "slow"):
            worker_for(app, f"smtp://127.0.0.1:{silent.getsockname()[1]}", patience=0.2).send_due()
        else:
            with serving(how) as (url, _):
                worker_for(app, url).send_due()
    kept = row(app, mail_id)
    assert (kept.state, kept.tries) == ("waiting", 1)
    assert kept.last_error


def test_responses_are_the_same_while_the_server_is_down(make_app):
    app = make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    factories.user(app, "ada")
    person = Person(app)
    person.open("/forgot")
    assert "we sent a link" in person.press("Send link", username="ada").text


def test_two_workers_send_each_mail_once(app):
    with serving() as (url, catcher):
        for number in range(20):
            put(app, f"person{number}@example.org")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: [worker_for(app, url).send_due() for _ in range(4)], range(2)))
    assert sorted(mail["To"] for mail in catcher.mails) == sorted(f"person{number}@example.org" for number in range(20))


def test_a_mail_with_an_invalid_header_does_not_stop_others(app):
    with serving() as (url, catcher):
        odd = put(app, "ada@example.org\r\nBcc: all@example.org")
        put(app)
        worker_for(app, url).send_due()
    assert [mail["To"] for mail in catcher.mails] == ["ada@example.org"]
    assert row(app, odd).state == "waiting"


def test_the_reason_never_contains_the_password_of_the_server(app, logged):
    mail_id = put(app)
    worker_for(app, "smtp://robot:hunter2hunter2@127.0.0.1:9").send_due()
    assert "hunter2" not in (row(app, mail_id).last_error or "") + logged()


def test_the_reason_never_contains_the_recipient(app, logged):
    mail_id = put(app)
    with serving("refuses") as (url, _):
        worker_for(app, url).send_due()
    reason = row(app, mail_id).last_error or ""
    assert "550" in reason
    assert "[recipient]" in reason
    # Random ids may have these letters.
    assert "ada" not in re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", (reason + logged()).lower())
