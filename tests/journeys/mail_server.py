"""MailServer: an SMTP server on loopback that keeps the mails it gets, for tests of served sites."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller

from tests.ports import free_port

PATIENCE = 60
LINK = r"http\S+/(?:register|verify|reset|not-me|account/email/confirm|account/email/undo)/\S+"


class MailServer:
    def __init__(self, url: str) -> None:
        self.url = url
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def link(self, subject: str, recipient: str) -> str:
        """The link in the mail about this, which may still be on its way."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for mail in self.mails:
                if subject in mail["Subject"] and recipient in mail["To"]:
                    self.mails.remove(mail)
                    found = re.search(LINK, mail.get_body(("plain",)).get_content())
                    assert found
                    return found[0]
            time.sleep(0.05)
        raise AssertionError(f"no mail says {subject!r}: {[mail['Subject'] for mail in self.mails]}")


@contextmanager
def listening() -> Iterator[MailServer]:
    port = free_port()
    mail_server = MailServer(f"smtp://127.0.0.1:{port}")
    controller = Controller(mail_server, hostname="127.0.0.1", port=port)
    controller.start()
    yield mail_server
    controller.stop()
