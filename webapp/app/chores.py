"""What must be done now and then."""

from datetime import timedelta
from functools import partial

from flask import Flask

from webapp.accounts import closing, links, lost_factors, sign_up
from webapp.accounts.token_mails import TokenMails
from webapp.chores.rota import Chore
from webapp.chores.worker import Worker as ChoreWorker
from webapp.credentials import purging
from webapp.guard import waiting
from webapp.kernel import ratelimit_storage
from webapp.kernel.db import Database
from webapp.mail import outbox
from webapp.settings import Settings


def keep_house(app: Flask, settings: Settings, database: Database) -> None:
    """What must be done now and then; ``serve`` starts the worker, and whichever process comes first does a chore."""
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    mails: TokenMails = app.extensions["token_mails"]
    chores = (
        Chore("forget closed accounts", day, closing.forget_due),
        Chore("forget unverified accounts", day, sign_up.forget_unverified),
        Chore("purge ended credentials", day, partial(purging.purge, kept=settings.ended_kept)),
        Chore("reset second factors", minute, partial(lost_factors.carry_out_due, post=app.extensions["post"])),
        Chore("tell of tokens that end soon", day, mails.expiring),
        Chore("tell of tokens that nothing uses", day, mails.unused),
        Chore("purge counted uses", day, purging.purge_uses),
        Chore("purge dead links", day, links.purge),
        Chore("purge kept forms", hour, waiting.purge),
        Chore("purge old mails", day, outbox.purge),
        Chore("purge limits", hour, ratelimit_storage.purge),
    )
    app.extensions |= {"chores": chores, "chore_worker": ChoreWorker(database, chores)}
