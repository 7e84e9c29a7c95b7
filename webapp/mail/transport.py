"""Transports of mails: SMTP, or the log where no server is set."""

import logging
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Protocol
from urllib.parse import unquote, urlsplit

from webapp.mail.outbox import LeasedMail

log = logging.getLogger(__name__)

# Seconds that a server may keep silent; less than the lease of a mail.
PATIENCE = 20
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
# A word of a server's reply, such as an e-mail address between whatever may enclose it.
WORD = re.compile(r"""[^\s<>()\[\]{}"',;:=]+""")
HIDDEN = "[recipient]"


class NotSent(Exception):
    """The server refused or could not be reached; the message is for the operator."""


class Transport(Protocol):
    def send(self, mail: LeasedMail) -> None:
        """
        Raises:
            NotSent
        """


@dataclass(frozen=True, slots=True, repr=False)
class Smtp:
    """``smtp://``, ``smtp+starttls://`` or ``smtps://user:password@host:port``."""

    url: str
    sender: str
    patience: float = PATIENCE

    def send(self, mail: LeasedMail) -> None:
        try:
            with self.connection() as server:
                server.send_message(message(mail, self.sender))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # ValueError: what cannot be written as a header is no better tomorrow, and must not stop the others.
            raise NotSent(reason_of(error, mail.to)) from error

    def connection(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "localhost", parts.port or PORTS[parts.scheme]
        context = ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self.patience, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=self.patience)
        try:
            if parts.scheme == "smtp+starttls":
                # A server that does not offer it, or whose certificate nobody vouches for, gets no password.
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server


def reason_of(error: Exception, recipient: str) -> str:
    """What went wrong, without the e-mail address or its local part, which servers like to repeat: it is logged."""
    hidden = {recipient.casefold(), recipient.partition("@")[0].casefold()}
    said = str(error).replace(recipient, HIDDEN) if recipient else str(error)
    said = WORD.sub(lambda word: HIDDEN if word[0].strip(".").casefold() in hidden else word[0], said)
    return f"{type(error).__name__}: {said}"


class LogTransport:
    """For development: mails are written to the log."""

    def send(self, mail: LeasedMail) -> None:
        log.info("mail", extra={"fields": {"to": mail.to, "subject": mail.content.subject, "text": mail.content.text}})


def message(mail: LeasedMail, sender: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = mail.content.subject
    made["From"] = sender
    made["To"] = mail.to
    made["Date"] = formatdate()
    # The same number however often it is tried, so that a mail which came twice is seen to be one.
    made["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2].rstrip('>')}>"
    # Answered by machines, it should start no conversation (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.content.text)
    made.add_alternative(mail.content.html, subtype="html")
    return made


def transport_for(url: str, sender: str) -> Transport:
    return Smtp(url, sender) if url else LogTransport()
