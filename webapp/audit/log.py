"""Event, record(): the only way to write an audit event, to the table and to the log alike."""

import json
import logging
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from webapp.audit import chain
from webapp.core.clock import now

log = logging.getLogger(__name__)


class Event(StrEnum):
    SITE_OPENED = "site.opened"
    SITE_BACKED_UP = "site.backed-up"
    PROXY_IGNORED = "proxy.ignored"
    DATABASE_RESTORED = "database.restored"
    USER_MADE = "user.made"
    USERS_IMPORTED = "users.imported"
    USERS_EXPORTED = "users.exported"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_DELETED = "user.deleted"
    SERVICE_ACCOUNT_MADE = "service-account.made"
    SERVICE_ACCOUNT_HANDED_OVER = "service-account.handed-over"
    ROLE_CHANGED = "role.changed"
    ROLE_MADE = "role.made"
    ROLE_EDITED = "role.edited"
    ROLE_REMOVED = "role.removed"
    AUDIT_RETIRED = "audit.retired"
    PASSWORD_CHANGED = "password.changed"
    USER_RENAMED = "user.renamed"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    PROVIDER_MADE = "provider.made"
    PROVIDER_EDITED = "provider.edited"
    PROVIDER_DISABLED = "provider.disabled"
    PROVIDER_ENABLED = "provider.enabled"
    PROVIDER_REMOVED = "provider.removed"
    PROVIDER_LINKED = "provider.linked"
    PROVIDER_UNLINKED = "provider.unlinked"
    PROFILE_CHANGED = "profile.changed"
    EMAIL_ASKED = "email.asked"
    EMAIL_CHANGED = "email.changed"
    EMAIL_RESTORED = "email.restored"
    USER_CLOSED = "user.closed"
    USER_REOPENED = "user.reopened"
    USER_FORGOTTEN = "user.forgotten"
    DATA_EXPORTED = "data.exported"
    EVERYTHING_ENDED = "everything.ended"
    REGISTRATION_ASKED = "registration.asked"
    EMAIL_VERIFIED = "email.verified"
    INVITATION_MADE = "invitation.made"
    INVITATION_USED = "invitation.used"
    INVITATION_REVOKED = "invitation.revoked"
    RESET_ASKED = "reset.asked"
    RESET_DONE = "reset.done"
    RESET_STOPPED = "reset.stopped"
    LOGIN_DISOWNED = "login.disowned"
    MAIL_RETRIED = "mail.retried"
    SESSION_STARTED = "session.started"
    SESSION_REFUSED = "session.refused"
    SESSION_CONFIRMED = "session.confirmed"
    SESSION_ENDED = "session.ended"
    SESSION_REUSED = "session.reused"
    LOGIN_THROTTLED = "login.throttled"
    LOGIN_LOCKED = "login.locked"
    LOGIN_UNLOCKED = "login.unlocked"
    CODE_REFUSED = "code.refused"
    FACTOR_ADDED = "factor.added"
    FACTOR_RENAMED = "factor.renamed"
    FACTOR_REMOVED = "factor.removed"
    RECOVERY_CODES_MADE = "recovery-codes.made"
    RECOVERY_CODE_USED = "recovery-code.used"
    PASSKEY_COPIED = "passkey.copied"
    PASSWORD_REMOVED = "password.removed"
    BROWSER_TRUSTED = "browser.trusted"
    BROWSER_DISTRUSTED = "browser.distrusted"
    FACTORS_RESET_ASKED = "factors.reset-asked"
    FACTORS_RESET_STOPPED = "factors.reset-stopped"
    FACTORS_RESET = "factors.reset"
    TOKEN_MINTED = "token.minted"
    TOKEN_EDITED = "token.edited"
    TOKEN_ROTATED = "token.rotated"
    TOKEN_FIRST_USED = "token.first-used"
    TOKEN_REVOKED = "token.revoked"
    TOKEN_EXCHANGED = "token.exchanged"
    EXCHANGED_TOKEN_REVOKED = "exchanged-token.revoked"
    REFRESH_USED = "refresh.used"
    REFRESH_REUSED = "refresh.reused"
    REFRESH_REFUSED = "refresh.refused"
    REFRESH_ENDED = "refresh.ended"
    CLIENT_MADE = "client.made"
    CLIENT_EDITED = "client.edited"
    CLIENT_DISABLED = "client.disabled"
    CLIENT_ENABLED = "client.enabled"
    CLIENT_REMOVED = "client.removed"
    CLIENT_SECRET_MADE = "client.secret-made"
    REGISTRATION_TOKEN_MADE = "registration-token.made"
    REGISTRATION_TOKEN_REVOKED = "registration-token.revoked"
    LOGOUT_GIVEN_UP = "logout.given-up"
    LOGOUT_RETRIED = "logout.retried"
    APP_ALLOWED = "app.allowed"
    DEVICE_ALLOWED = "app.device-allowed"
    DEVICE_DENIED = "app.device-denied"
    APP_LOGGED_IN = "app.logged-in"
    APP_REFRESHED = "app.refreshed"
    APP_ENDED = "app.ended"
    PROXIED_APP_OPENED = "proxied-app.opened"
    PROXIED_APP_CLOSED = "proxied-app.closed"
    APP_ACCESS_REQUESTED = "app-access.requested"
    APP_ACCESS_GRANTED = "app-access.granted"
    APP_ACCESS_DECLINED = "app-access.declined"
    APP_ACCESS_ENDED = "app-access.ended"
    GUEST_LINK_MADE = "guest-link.made"
    GUEST_LINK_OPENED = "guest-link.opened"
    GUEST_LINK_REVOKED = "guest-link.revoked"
    PROXIED_APP_MADE = "proxied-app.made"
    PROXIED_APP_EDITED = "proxied-app.edited"
    PROXIED_APP_DISABLED = "proxied-app.disabled"
    PROXIED_APP_ENABLED = "proxied-app.enabled"
    PROXIED_APP_REMOVED = "proxied-app.removed"
    CODE_REUSED = "app.code-reused"
    DEVICE_CODE_REUSED = "app.device-code-reused"
    APP_REUSED = "app.refresh-reused"
    ACCESS_REFUSED = "access.refused"
    KEY_ROTATED = "key.rotated"
    KEY_RETIRED = "key.retired"
    SECRET_KEY_CHANGED = "secret-key.changed"
    SECRET_KEY_REPLACED = "secret-key.replaced"
    EMERGENCY_DECLARED = "emergency.declared"
    LIMITS_RESET = "limits.reset"
    PAGE_OPENED = "page.opened"


AppEvent = NewType("AppEvent", str)
"""An event that a plug-in has declared; made by ``sentences.declared.declared_event``."""


FORMER_NAMES = {
    "house.opened": Event.SITE_OPENED,
    "house.backed-up": Event.SITE_BACKED_UP,
    "address.asked": Event.EMAIL_ASKED,
    "address.changed": Event.EMAIL_CHANGED,
    "address.restored": Event.EMAIL_RESTORED,
    "address.verified": Event.EMAIL_VERIFIED,
    "login.frozen": Event.LOGIN_LOCKED,
    "login.opened": Event.LOGIN_UNLOCKED,
    "passkey.behind": Event.PASSKEY_COPIED,
}
"""Of events that were renamed. Rows keep the name they were written with, because the chain is computed over it."""


def current_name(event: str) -> str:
    """The present name of an event that was renamed; any other text as it is."""
    return FORMER_NAMES.get(event, event)


def stored_names(event: str) -> list[str]:
    """Every name that rows of an event may have, whichever of them is given."""
    name = current_name(event)
    return [str(name), *(former for former, present in FORMER_NAMES.items() if present == name)]


# Recorded, but left out where only the newest events are shown: they happen all day.
ROUTINE = frozenset({Event.REFRESH_USED, Event.APP_REFRESHED, Event.TOKEN_EXCHANGED, Event.PAGE_OPENED})

REFUSALS = frozenset(
    {
        *(Event.SESSION_REFUSED, Event.LOGIN_THROTTLED, Event.LOGIN_LOCKED, Event.LOGIN_DISOWNED),
        *(Event.ACCESS_REFUSED, Event.REFRESH_REFUSED, Event.REFRESH_REUSED),
        *(Event.CODE_REUSED, Event.DEVICE_CODE_REUSED, Event.APP_REUSED),
        *(Event.CODE_REFUSED, Event.PASSKEY_COPIED, Event.SESSION_REUSED),
    }
)

# Events that somebody else may have caused: the browser helps the user to recognise them.
WITH_BROWSER = frozenset(
    {
        *(Event.SESSION_REFUSED, Event.SESSION_CONFIRMED, Event.CODE_REFUSED, Event.PASSKEY_COPIED),
        *(Event.PASSWORD_CHANGED, Event.PASSWORD_REMOVED, Event.RESET_ASKED, Event.RESET_DONE),
        *(Event.EMAIL_ASKED, Event.EMAIL_CHANGED, Event.USER_RENAMED, Event.REGISTRATION_ASKED),
        *(Event.FACTOR_ADDED, Event.FACTOR_REMOVED, Event.RECOVERY_CODES_MADE, Event.RECOVERY_CODE_USED),
        *(Event.USER_CLOSED, Event.DATA_EXPORTED, Event.EVERYTHING_ENDED, Event.TOKEN_MINTED, Event.DEVICE_ALLOWED),
    }
)
LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an action came from, and with which browser; empty for commands and periodic jobs."""

    ip_address: str | None = None
    request_id: str | None = None
    user_agent: str | None = None


NOWHERE = Origin()
# This layer does not depend on the web: the application sets, once, the function that finds the origin.
origin_of: list[Callable[[], Origin]] = [lambda: NOWHERE]


# The ``origin`` of all events recorded meanwhile, such as ``cli`` for commands.
default_origin: ContextVar[str | None] = ContextVar("default_origin", default=None)


def record(
    db: Session,
    event: Event | AppEvent,
    *,
    user_id: UUID | None = None,
    actor_id: UUID | None = None,
    credential_id: UUID | None = None,
    **details: object,
) -> None:
    """Write an event in the transaction of the action: if it cannot be written, the action does not happen either."""
    origin = origin_of[0]()
    if event in WITH_BROWSER and origin.user_agent and actor_id in (None, user_id):
        details["user_agent"] = origin.user_agent[:LONGEST_AGENT]
    if (way := default_origin.get()) and "origin" not in details:
        details["origin"] = way
    chain.append(
        db,
        id=uuid4(),
        at=now(),
        event=str(event),
        user_id=user_id,
        actor_id=actor_id,
        credential_id=credential_id,
        address=origin.ip_address,
        request_id=origin.request_id,
        # As it is read back from JSON, because the digest is computed over it now and verified later.
        details=json.loads(json.dumps(details)),
    )
    ids = {"user_id": user_id, "actor_id": actor_id, "credential_id": credential_id, "ip_address": origin.ip_address}
    id_fields = {name: str(value) for name, value in ids.items() if value is not None}
    log.info(str(event), extra={"fields": id_fields | details})
