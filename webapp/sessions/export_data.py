"""Sessions and trusted browsers in the export of a user's data, without secrets."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.credentials import export_data as credentials
from webapp.credentials.models import Credential
from webapp.sessions.models import BrowserSession


class BrowserRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A session or trusted browser. Ended ones are included as long as they are stored."""

    id: UUID
    user_agent: str
    is_remembered: bool
    amr: str
    """How the user authenticated (RFC 8176)."""
    started_at: datetime
    started_from: str | None
    last_seen_at: datetime | None
    last_seen_from: str | None
    expires_at: datetime
    ended_at: datetime | None


def of_user(db: Session, user_id: UUID, kind: str) -> list[BrowserRecord]:
    """Sessions or trusted browsers of a user, newest first.

    Args:
        kind: of the credentials: session or trust.
    """
    found = credentials.all_of(db, user_id, kind)
    rows = select(BrowserSession).where(BrowserSession.id.in_(credentials.ids_of(user_id)))
    browsers = {browser.id: browser for browser in db.scalars(rows)}
    return [recorded(credential, browsers[credential.id]) for credential in found]


def recorded(credential: Credential, browser: BrowserSession) -> BrowserRecord:
    return BrowserRecord(
        id=credential.id,
        user_agent=browser.user_agent,
        is_remembered=browser.is_remembered,
        amr=credential.amr,
        started_at=credential.created_at,
        started_from=browser.ip_address,
        last_seen_at=credential.last_used_at,
        last_seen_from=credential.last_used_from,
        expires_at=credential.expires_at,
        ended_at=credential.revoked_at,
    )
