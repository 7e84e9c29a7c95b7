"""A mail that was encrypted with another secret key than that of the process which sends it."""

from dataclasses import replace

import time_machine
from flask import Flask

from tests.mail.test_outbox import Box, put, row
from tests.secret_keys import OTHER
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mail import outbox
from webapp.mail.worker import MailWorker
from webapp.settings import Settings
from webapp.testing import as_user
from webapp.web.registry import services_of


def test_it_waits_and_is_sent_once_its_secret_key_is_back(app: Flask, database: Database) -> None:
    """Another machine may have another secret key by mistake; nobody would get the mail again."""
    put(app, database)
    settings, box = services_of(app).get(Settings), Box()
    own, other = (
        MailWorker(database, outbox.CONTENTS.encryptor(replace(settings, secret_key=key)), box)
        for key in (settings.secret_key, OTHER)
    )
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(2 * outbox.MAX_TRIES):
            assert other.send_due() == 0
            clock.shift(outbox.UNREADABLE_WAIT)
        mail = row(database)
        assert (mail.state, mail.tries, mail.sealed is not None) == ("waiting", 0, True)
        with as_user(app, "eve", role="super_admin") as admin:
            page = admin.get("/admin/mail").text
        assert "its content cannot be decrypted with this secret key" in page
        assert own.send_due() == 1
    assert len(box.mails) == 1
