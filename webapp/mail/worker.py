"""MailWorker: a thread per process that sends mails from the outbox, woken by new ones and at an interval."""

import logging
import threading

from webapp.core import background_worker
from webapp.core.db import Database, Unavailable
from webapp.core.encryption import Encryptor
from webapp.mail import outbox
from webapp.mail.transport import LogTransport, NotSent, Transport

log = logging.getLogger(__name__)

# Seconds between searches for mails that another process stored, or that are to be retried.
INTERVAL = 10.0


class MailWorker(background_worker.BackgroundWorker):
    def __init__(self, database: Database, encryptor: Encryptor, transport: Transport) -> None:
        super().__init__("mail")
        self._database, self._sealer, self._transport = database, encryptor, transport
        self._wake = threading.Event()

    def wake(self) -> None:
        """Called after the commit of a new mail."""
        self._wake.set()

    def stop(self) -> None:
        super().stop()
        self._wake.set()

    def run(self) -> None:
        while not self.is_stopping:
            self._wake.wait(INTERVAL)
            self._wake.clear()
            try:
                self.send_due()
            except Unavailable:
                log.warning("outbox not available")
            except Exception:
                # The thread must not end, because nobody would notice until a mail is missing.
                log.exception("mail worker error")

    def send_due(self) -> int:
        """Send mails that are due. No transaction is open during SMTP.

        Returns:
            Number of mails that were tried.
        """
        attempts = 0
        # Leased one by one: after nine slow ones, the lease of the tenth would have ended.
        while not self.is_stopping and (mail := self.take()):
            self.send(mail)
            attempts += 1
        return attempts

    def take(self) -> outbox.LeasedMail | None:
        with self._database.write() as db:
            return outbox.lease(db, self._sealer)

    def send(self, mail: outbox.LeasedMail) -> None:
        if mail.to == outbox.NO_EMAIL:
            with self._database.write() as db:
                outbox.discard(db, mail.id)
            return
        try:
            self._transport.send(mail)
        except NotSent as error:
            log.warning("mail not sent", extra={"fields": {"mail_id": str(mail.id), "reason": str(error)}})
            with self._database.write() as db:
                outbox.record_failure(db, mail.id, str(error))
            return
        with self._database.write() as db:
            outbox.mark_sent(db, mail.id, is_logged=isinstance(self._transport, LogTransport))
