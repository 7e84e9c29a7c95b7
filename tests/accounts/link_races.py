"""Links used by two processes at once: which one wins."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy.orm import Session

from webapp.accounts import invitations, recovery, self_registration
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.one_time_links import LinkDead
from webapp.core.db import Database
from webapp.mail.mailer import Mailer
from webapp.web.registry import services_of

HERE = RequestOrigin(datetime(2026, 1, 1, tzinfo=UTC), None, "a test")


def reset(app: Flask, secret: str) -> str:
    post, hashed = services_of(app).get(Mailer), f"hash by {os.getpid()}"
    return spent(app, lambda db: recovery.reset(db, post, secret, hashed, HERE, revokes_tokens=True))


def verify(app: Flask, secret: str) -> str:
    return spent(app, lambda db: self_registration.verify(db, secret))


def invitation(app: Flask, secret: str) -> str:
    def spend(db: Session) -> None:
        if invitations.spend(db, secret) is None:
            raise LinkDead

    return spent(app, spend)


def spent(app: Flask, spend: Callable[[Session], object]) -> str:
    try:
        with services_of(app).get(Database).write() as db:
            spend(db)
    except LinkDead:
        return "late"
    return "won"
