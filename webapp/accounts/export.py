"""All that the house knows of one user, for that user; no secret is among it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts.activity import whence
from webapp.accounts.models import User
from webapp.audit import paging
from webapp.audit.log import Event, record
from webapp.guard.principal import Principal
from webapp.kernel.clock import now
from webapp.mail import outbox
from webapp.sessions.listing import Device, devices
from webapp.tokens import listing, script_logins
from webapp.tokens.listing import Token
from webapp.tokens.script_logins import ScriptLogin

MOST = 100_000
FIELDS = (
    "id",
    "username",
    "email",
    "email_verified_at",
    "display_name",
    "known_elsewhere_as",
    "role",
    "language",
    "time_zone",
    "theme",
)
INSTANTS = ("created_at", "password_changed_at", "last_login_at", "closes_at")


class ExportedEvent(msgspec.Struct, frozen=True):
    at: datetime
    event: str
    address: str | None
    credential_id: UUID | None
    details: dict[str, Any]


class ExportedMail(msgspec.Struct, frozen=True):
    kind: str
    to: str
    created_at: datetime
    sent_at: datetime | None


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of the caller's."""

    exported_at: datetime
    account: dict[str, Any]
    sessions: list[Device]
    tokens: list[Token]
    """Live ones, and those that ended in the last 90 days."""
    script_logins: list[ScriptLogin]
    events: list[ExportedEvent]
    mails: list[ExportedMail]


def export(db: Session, user: User, principal: Principal) -> Export:
    record(db, Event.DATA_EXPORTED, user_id=user.id)
    db.flush()
    events = paging.page(db, user.id, size=MOST)
    return Export(
        exported_at=now(),
        account={name: getattr(user, name) for name in FIELDS + INSTANTS},
        sessions=devices(db, principal),
        tokens=[
            token for is_live in (True, False) for token in listing.page(db, user.id, is_live=is_live, size=MOST).tokens
        ],
        script_logins=script_logins.live(db, user.id),
        events=[ExportedEvent(e.at, e.event, whence(e), e.credential_id, e.details) for e in events],
        mails=[ExportedMail(m.kind, m.to, m.created_at, m.sent_at) for m in outbox.of_user(db, user.id)],
    )
