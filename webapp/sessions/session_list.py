"""devices: the live sessions of a user, as the sessions page and the API list them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.core.former_names import HasIpAddress
from webapp.core.humanize import methods_in_words
from webapp.credentials.models import Credential
from webapp.guard.principal import Principal
from webapp.sessions.lifecycle import live
from webapp.sessions.models import BrowserSession
from webapp.sessions.user_agents import describe_user_agent


class SessionEntry(HasIpAddress, frozen=True, kw_only=True):
    """A live session."""

    id: UUID
    name: str
    """Browser and operating system, as far as the user agent names them."""
    method: str
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    """Absolute timeout."""
    idle_at: datetime | None
    """When it ends unless it is used before."""
    is_current: bool
    remembered: bool


def list_sessions(db: Session, principal: Principal) -> list[SessionEntry]:
    """Sessions of the caller: the current one first, then the others by last use."""
    found = [session_entry(credential, browser, principal) for credential, browser in live(db, principal.user_id)]
    return sorted(found, key=lambda device: not device.is_current)


def session_entry(credential: Credential, browser: BrowserSession, principal: Principal | None = None) -> SessionEntry:
    return SessionEntry(
        id=credential.id,
        name=describe_user_agent(browser.user_agent),
        ip_address=credential.last_used_from or browser.ip_address,
        method=methods_in_words(credential.amr),
        started_at=credential.created_at,
        last_seen_at=credential.last_used_at or credential.created_at,
        expires_at=credential.expires_at,
        idle_at=credential.idle_at,
        is_current=principal is not None and credential.id == principal.credential_id,
        remembered=browser.is_remembered,
    )
