"""The mails that the site has sent, as their recipient reads them."""

import re

from flask import Flask

from webapp.core.db import Database
from webapp.mail.mailer import Mailer
from webapp.mail.outbox import LeasedMail
from webapp.mail.worker import MailWorker
from webapp.web.registry import services_of


class Mailbox:
    """Takes the mails of a site out of its outbox, as its sender would."""

    def __init__(self, app: Flask) -> None:
        self.mails = list[LeasedMail]()
        self.worker = MailWorker(services_of(app).get(Database), services_of(app).get(Mailer).encryptor, self)

    def send(self, mail: LeasedMail) -> None:
        self.mails.append(mail)

    def opened(self) -> list[LeasedMail]:
        """What has come since it was opened last."""
        while self.worker.send_due():
            pass
        found, self.mails = self.mails, []
        return found

    def one(self) -> LeasedMail:
        (mail,) = self.opened()
        return mail

    def link(self) -> str:
        """The path of the link in the only mail that has come."""
        return link_in(self.one())


def link_in(mail: LeasedMail) -> str:
    match = re.search(r"https?://[^/\s]+(/(?:register|verify|reset|not-me)/\S+)", mail.content.text)
    assert match, mail.content.text
    return match[1]
