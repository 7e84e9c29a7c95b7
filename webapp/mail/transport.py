"""Transports of mails: SMTP, or the log if no server is configured."""

import ipaddress
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
from webapp.settings.idn import ascii_email

log = logging.getLogger(__name__)

# Timeout for each response of the server in seconds; less than the lease of a mail.
TIMEOUT = 20
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
# A word in a reply of the server, such as an e-mail address without the characters that enclose it.
WORD = re.compile(r"""[^\s<>()\[\]{}"',;:=]+""")
HIDDEN = "[recipient]"
ESCAPING = (
    "Check user name and password in WEBAPP_SMTP_URL. Special characters in them must be percent-encoded, "
    "such as %40 for @ and %25 for %."
)


class NotSent(Exception):
    """The server refused the mail or could not be reached. The message is for the operator."""


class Transport(Protocol):
    def send(self, mail: LeasedMail) -> None:
        """Deliver one mail.

        Raises:
            NotSent
        """


@dataclass(frozen=True, slots=True, repr=False)
class Smtp:
    """SMTP by URL: ``smtp://``, ``smtp+starttls://`` or ``smtps://user:password@host:port``."""

    url: str
    sender: str
    timeout: float = TIMEOUT
    greeting: str | None = None
    """Host name of this site in EHLO (RFC 5321 §4.1.1.1); the machine's own one often has no meaning elsewhere."""

    def send(self, mail: LeasedMail) -> None:
        try:
            with self.connection() as server:
                server.send_message(message(mail, self.sender))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # ValueError: a header that cannot be encoded. It must not stop other mails.
            host, port = self.server
            raise NotSent(f"{host}:{port}: {reason_of(error, mail.to)}") from error

    @property
    def server(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "localhost", parts.port or PORTS[parts.scheme]

    def connection(self) -> smtplib.SMTP:
        parts, (host, port) = urlsplit(self.url), self.server
        context = ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, self.greeting, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(host, port, self.greeting, timeout=self.timeout)
        try:
            if parts.scheme == "smtp+starttls":
                # The password is not sent without TLS and a valid certificate.
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server


def reason_of(error: Exception, recipient: str) -> str:
    """The error without the recipient's e-mail address or its local part, which servers often repeat: it is logged."""
    hidden = {recipient.casefold(), recipient.partition("@")[0].casefold()}
    text = str(error).replace(recipient, HIDDEN) if recipient else str(error)
    text = WORD.sub(lambda word: HIDDEN if word[0].strip(".").casefold() in hidden else word[0], text)
    hint = f" {ESCAPING}" if isinstance(error, smtplib.SMTPAuthenticationError) else ""
    return f"{type(error).__name__}: {text}{hint}"


class LogTransport:
    """Writes mails to the log, for development."""

    def send(self, mail: LeasedMail) -> None:
        log.info("mail", extra={"fields": {"to": mail.to, "subject": mail.content.subject, "text": mail.content.text}})


def message(mail: LeasedMail, sender: str) -> EmailMessage:
    """The mail; domains in headers and envelope are in ASCII where the local part is, so that any server takes it."""
    email, sender = EmailMessage(), ascii_email(sender)
    email["Subject"] = mail.content.subject
    email["From"] = sender
    email["To"] = ascii_email(mail.to)
    email["Date"] = formatdate()
    # The same id for each attempt, so that clients recognise a mail that arrives twice.
    email["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2].rstrip('>')}>"
    # Prevents automatic replies (RFC 3834).
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(mail.content.text)
    email.add_alternative(mail.content.html, subtype="html")
    return email


def transport_for(url: str, sender: str, host: str) -> Transport:
    """The transport for ``WEBAPP_SMTP_URL``.

    Args:
        host: of the base URL.
    """
    return Smtp(url, sender, greeting=greeting_of(host)) if url else LogTransport()


def greeting_of(host: str) -> str:
    """A host as EHLO names it: an IP address in brackets (RFC 5321 §4.1.3)."""
    try:
        ip_address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[{ip_address}]" if ip_address.version == 4 else f"[IPv6:{ip_address}]"
