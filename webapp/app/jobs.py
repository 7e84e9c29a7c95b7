"""What must be done now and then."""

from datetime import timedelta
from functools import partial

from flask import Flask

from webapp.accounts import lifecycle, mfa_reset, one_time_links, self_registration
from webapp.accounts.token_mails import TokenMails
from webapp.core import ratelimit_storage
from webapp.core.db import Database
from webapp.credentials import purge
from webapp.guard import saved_form
from webapp.jobs.leases import Chore
from webapp.jobs.worker import Worker as ChoreWorker
from webapp.mail import outbox
from webapp.settings import Settings


def keep_house(app: Flask, settings: Settings, database: Database) -> None:
    """What must be done now and then; ``serve`` starts the worker, and whichever process comes first does a chore."""
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    mails: TokenMails = app.extensions["token_mails"]
    chores = (
        Chore("forget closed accounts", day, lifecycle.forget_due),
        Chore("forget unverified accounts", day, self_registration.forget_unverified),
        Chore("purge ended credentials", day, partial(purge.purge, kept=settings.ended_kept)),
        Chore("reset second factors", minute, partial(mfa_reset.carry_out_due, post=app.extensions["post"])),
        Chore("tell of tokens that end soon", day, mails.expiring),
        Chore("tell of tokens that nothing uses", day, mails.unused),
        Chore("purge counted uses", day, purge.purge_uses),
        Chore("purge dead links", day, one_time_links.purge),
        Chore("purge kept forms", hour, saved_form.purge),
        Chore("purge old mails", day, outbox.purge),
        Chore("purge limits", hour, ratelimit_storage.purge),
    )
    app.extensions |= {"chores": chores, "chore_worker": ChoreWorker(database, chores)}
