"""The list of periodic jobs."""

from datetime import timedelta
from functools import partial

from flask import Flask

from webapp.accounts import lifecycle, mfa_reset, one_time_links, self_registration
from webapp.accounts.mail_requests import MailRequests
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.token_mails import TokenMails
from webapp.core import ratelimit_storage
from webapp.core.db import Database
from webapp.core.id_token_keys import IdTokenKeys
from webapp.credentials import purge
from webapp.federation import provider_errors, provider_sessions, waiting_identities
from webapp.forward_auth import app_logins, count_store, grants, guest_links
from webapp.guard import saved_form
from webapp.jobs.leases import Job, Jobs
from webapp.jobs.worker import JobWorker
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.nodes import heartbeat
from webapp.oauth import (
    app_sessions,
    client_errors,
    codes,
    device_codes,
    logout_notices,
    pushed_requests,
    registration_tokens,
)
from webapp.settings import Settings
from webapp.web.registry import services_of


def register_jobs(app: Flask, settings: Settings, database: Database) -> None:
    """Register the periodic jobs. ``serve`` starts the worker, and one process at a time runs each job."""
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    services = services_of(app)
    mails = services.get(TokenMails)
    jobs: tuple[Job, ...] = (
        Job("delete closed accounts", day, lifecycle.delete_due),
        Job("delete unverified accounts", day, self_registration.delete_unverified),
        Job("purge ended credentials", day, partial(purge.purge, retention=settings.ended_kept)),
        Job(
            "reset second factors",
            minute,
            partial(
                mfa_reset.carry_out_due, mailer=services.get(Mailer), non_passkey_logins=services.get(NonPasskeyLogins)
            ),
        ),
        Job("carry out requests of mails", minute, services.get(MailRequests).carry_out_due),
        Job("warn about expiring tokens", day, mails.expiring),
        Job("warn about unused tokens", day, mails.unused),
        Job("purge counted uses", day, purge.purge_uses),
        Job("purge expired links", day, one_time_links.purge),
        Job("purge authorization codes", hour, codes.purge),
        Job("purge errors of apps", day, client_errors.purge),
        Job("purge pushed requests", hour, pushed_requests.purge),
        Job("purge device codes", hour, device_codes.purge),
        Job("forget expired app logins", hour, app_sessions.forget_expired),
        Job("give up logout notices", hour, logout_notices.give_up_old),
        Job("purge registration tokens", day, registration_tokens.purge),
        Job("purge logout notices", day, logout_notices.purge),
        Job("purge errors of providers", day, provider_errors.purge),
        Job("purge waiting identities", hour, waiting_identities.purge),
        Job("purge sessions of providers", day, provider_sessions.purge),
        Job("purge kept forms", hour, saved_form.purge),
        Job("purge logins at apps", hour, app_logins.purge),
        Job("purge access to apps", day, grants.purge),
        Job("purge guest links", day, guest_links.purge),
        Job("purge old mails", day, outbox.purge),
        Job("purge counted checks", hour, count_store.purge),
        Job("purge nodes", day, heartbeat.purge),
        Job("purge limits", hour, ratelimit_storage.purge),
        Job("forget retired private keys", hour, services.get(IdTokenKeys).forget_private_keys),
    )
    services.provide(Jobs)(Jobs(jobs))
    services.provide(JobWorker)(JobWorker(database, jobs))
