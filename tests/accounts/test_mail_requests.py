"""Requests that are answered by mail: carried out once, even if the process is killed right after the response."""

from collections import Counter
from dataclasses import replace

import pytest
import time_machine
from sqlalchemy import func, select

from tests.accounts.password_reset import ask
from tests.accounts.registration_calls import SMTP, register
from tests.outbox_mails import mails
from tests.secret_keys import OTHER
from webapp.accounts import mail_requests
from webapp.accounts.mail_requests import CONTENTS, RETENTION, WAIT, MailRequests, RecoveryByMail, requester_of
from webapp.accounts.models import MailRequest
from webapp.accounts.views import request_info
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.jobs.leases import Jobs
from webapp.jobs.worker import JobWorker
from webapp.settings import Settings
from webapp.web.registry import services_of


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_REGISTRATION="open", **SMTP)


@pytest.fixture
def kill(monkeypatch):
    """From now on nothing is done after a response."""
    return lambda: monkeypatch.setattr(request_info.after_response, "after_response_in_context", lambda _work: None)


def ask_for_a_link(visitor, kill):
    kill()
    ask(visitor, "ada")


def register_anew(visitor, kill):
    kill()
    register(visitor)


def ask_for_verification_again(visitor, kill):
    register(visitor)
    visitor.log_in("eve")
    kill()
    visitor.press("Send mail again")


REQUESTS = {
    "a new password": (ask_for_a_link, {"reset_password": 1}),
    "a registration": (register_anew, {"verify_email": 1}),
    "the mail of a registration again": (ask_for_verification_again, {"verify_email": 2}),
}


@pytest.mark.parametrize(("request_mail", "sent"), REQUESTS.values(), ids=REQUESTS)
def test_it_is_carried_out_by_a_job_if_the_process_is_killed_after_the_response(
    app, visitor, user, kill, request_mail, sent
):
    with time_machine.travel(now(), tick=False) as clock:
        request_mail(visitor, kill)
        before = kinds(app)
        run_job(app)
        assert kinds(app) == before, "it was taken from a process that may be at it"
        clock.shift(WAIT)
        run_job(app)
        assert (kinds(app), waiting(app)) == (sent, 0)


def test_it_is_carried_out_once(app, user):
    requests, database = services_of(app).get(MailRequests), services_of(app).get(Database)
    with database.write() as db:
        request_id = requests.accept(db, RecoveryByMail(requester_of(None, "curl/8"), "ada"))
    for _ in range(2):
        requests.carry_out(request_id)
    assert (kinds(app), waiting(app)) == ({"reset_password": 1}, 0)


def test_it_stays_if_the_database_refuses_its_effect(app, visitor, user, monkeypatch):
    with time_machine.travel(now(), tick=False) as clock:
        with monkeypatch.context() as patched:
            patched.setattr(mail_requests.recovery, "send_link", broken)
            ask(visitor, "ada")
            clock.shift(WAIT)
            run_job(app)
        assert (kinds(app), waiting(app)) == ({}, 1)
        # The job is tried again later than it usually is.
        clock.shift(10 * WAIT)
        run_job(app)
        assert (kinds(app), waiting(app)) == ({"reset_password": 1}, 0)


def broken(*_args, **_kwargs):
    raise ConnectionError


def test_it_is_deleted_after_a_day(app, visitor, user, kill):
    with time_machine.travel(now(), tick=False) as clock:
        ask_for_a_link(visitor, kill)
        clock.shift(RETENTION)
        run_job(app)
        assert (kinds(app), waiting(app)) == ({}, 0)


def test_with_another_secret_key_it_waits(app, visitor, user, kill):
    ask_for_a_link(visitor, kill)
    services = services_of(app)
    requests = services.get(MailRequests)
    requests._encryptor = CONTENTS.encryptor(replace(services.get(Settings), secret_key=OTHER))
    with time_machine.travel(now() + WAIT, tick=False):
        run_job(app)
    assert (kinds(app), waiting(app)) == ({}, 1)


def run_job(app):
    """As a process that serves does, every minute or so."""
    job = next(job for job in services_of(app).get(Jobs) if job.name == "carry out requests of mails")
    JobWorker(services_of(app).get(Database), [job]).do_due()


def kinds(app):
    return Counter(mail.kind for mail in mails(app))


def waiting(app):
    with services_of(app).get(Database).read() as db:
        return db.scalar(select(func.count()).select_from(MailRequest))
