"""What was mailed, read from the outbox itself."""

import re
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select

from webapp.core.db import Database
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.mail.models import OutgoingMail
from webapp.web.registry import services_of


@dataclass(frozen=True)
class Mail:
    kind: str
    to: str
    subject: str
    text: str
    html: str

    @property
    def link(self) -> str:
        """The path of the first link of ours."""
        found = re.search(r"^ *https?://[^/\s]+(/\S+)$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]


def mails(app: Flask) -> list[Mail]:
    """The oldest first."""
    encryptor = services_of(app).get(Mailer).encryptor
    with services_of(app).get(Database).write() as db:
        rows = db.scalars(select(OutgoingMail).where(OutgoingMail.to != "").order_by(OutgoingMail.created_at)).all()
        read = [(row.kind, outbox.opened(row, encryptor)) for row in rows]
    return [Mail(kind, m.to, m.content.subject, m.content.text, m.content.html) for kind, m in read if m]
