"""Blinker signals for plug-ins: sent after the transaction of an event of the audit log has been committed.

The sender is the application, or None in a command without one. Receivers get ``user_id``, ``actor_id`` (None unless
somebody else did it), ``credential_id`` and ``event``, its name in the audit log; never a secret.
"""

import logging
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from blinker import NamedSignal, Namespace
from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.audit import chain
from webapp.audit.log import Event
from webapp.audit.models import AuditEvent

log = logging.getLogger(__name__)

WAITING = "signals"
"""Key in ``Session.info``: what to send when the transaction has been committed."""
sender_of: list[Callable[[], object]] = [lambda: None]
"""How to find the sender. Set by the application, because this layer does not know Flask."""

_signals = Namespace()
user_registered = _signals.signal("user-registered")
user_disabled = _signals.signal("user-disabled")
user_enabled = _signals.signal("user-enabled")
user_renamed = _signals.signal("user-renamed")
user_closed = _signals.signal("user-closed")
user_reopened = _signals.signal("user-reopened")
user_deleted = _signals.signal("user-deleted")
role_changed = _signals.signal("role-changed")
email_verified = _signals.signal("email-verified")
email_changed = _signals.signal("email-changed")
password_changed = _signals.signal("password-changed")
password_reset = _signals.signal("password-reset")
password_removed = _signals.signal("password-removed")
factor_added = _signals.signal("factor-added")
factor_removed = _signals.signal("factor-removed")
factors_reset = _signals.signal("factors-reset")
recovery_codes_created = _signals.signal("recovery-codes-created")
recovery_code_used = _signals.signal("recovery-code-used")
login_confirmed = _signals.signal("login-confirmed")
login_refused = _signals.signal("login-refused")
session_started = _signals.signal("session-started")
session_ended = _signals.signal("session-ended")
token_created = _signals.signal("token-created")
token_rotated = _signals.signal("token-rotated")
token_revoked = _signals.signal("token-revoked")

SIGNALS: dict[str, NamedSignal] = {
    Event.USER_MADE: user_registered,
    Event.USER_DISABLED: user_disabled,
    Event.USER_ENABLED: user_enabled,
    Event.USER_RENAMED: user_renamed,
    Event.USER_CLOSED: user_closed,
    Event.USER_REOPENED: user_reopened,
    Event.USER_DELETED: user_deleted,
    Event.USER_FORGOTTEN: user_deleted,
    Event.ROLE_CHANGED: role_changed,
    Event.EMAIL_VERIFIED: email_verified,
    Event.EMAIL_CHANGED: email_changed,
    Event.PASSWORD_CHANGED: password_changed,
    Event.RESET_DONE: password_reset,
    Event.PASSWORD_REMOVED: password_removed,
    Event.FACTOR_ADDED: factor_added,
    Event.FACTOR_REMOVED: factor_removed,
    Event.FACTORS_RESET: factors_reset,
    Event.RECOVERY_CODES_MADE: recovery_codes_created,
    Event.RECOVERY_CODE_USED: recovery_code_used,
    Event.SESSION_CONFIRMED: login_confirmed,
    Event.SESSION_REFUSED: login_refused,
    Event.SESSION_STARTED: session_started,
    Event.SESSION_ENDED: session_ended,
    Event.TOKEN_MINTED: token_created,
    Event.TOKEN_ROTATED: token_rotated,
    Event.TOKEN_REVOKED: token_revoked,
}


class SignalPayload(NamedTuple):
    """The arguments that receivers of a signal get: the name of the event and ids."""

    event: str
    user_id: UUID | None
    actor_id: UUID | None
    credential_id: UUID | None


# Before the events are numbered and inserted, which empties the list.
@event.listens_for(Session, "before_commit", insert=True)
def keep_payload(db: Session) -> None:
    """Keep the events of a transaction that have a receiver until it is committed."""
    if db.in_nested_transaction():
        return
    for found in db.info.get(chain.WAITING, ()):
        if (signal := SIGNALS.get(found.event)) is not None and signal.receivers:
            db.info.setdefault(WAITING, []).append(payload_of(found))


def payload_of(found: AuditEvent) -> SignalPayload:
    former = found.details.get("former_id") if found.event == Event.USER_FORGOTTEN else None
    return SignalPayload(found.event, UUID(former) if former else found.user_id, found.actor_id, found.credential_id)


@event.listens_for(Session, "after_commit")
def send(db: Session) -> None:
    """Send the signals of a transaction; a receiver that fails is logged, and changes nothing."""
    for found in db.info.pop(WAITING, []):
        sender, arguments = sender_of[0](), found._asdict()
        signal = SIGNALS[found.event]
        for receiver in signal.receivers_for(sender):
            try:
                receiver(sender, **arguments)
            except Exception:
                # Everything was committed: an error would tell the caller otherwise.
                log.exception("error in a signal receiver", extra={"fields": {"signal": signal.name}})


@event.listens_for(Session, "after_rollback")
def discard(db: Session) -> None:
    db.info.pop(WAITING, None)
