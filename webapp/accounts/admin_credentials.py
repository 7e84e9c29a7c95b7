"""End single credentials of another account, as an administrator: sessions, API tokens, script logins."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts.admin_actions import AdminAction
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.sessions import lifecycle as sessions
from webapp.sessions.user_agents import device_name
from webapp.tokens import lifecycle as tokens
from webapp.tokens import refresh_families, script_logins

Kind = Literal["session", "token", "script_login"]


class CredentialEnded(Exception):
    """The credential does not belong to the user, or has ended."""


@dataclass(frozen=True, slots=True)
class LiveCredential:
    """A live session, API token or script login."""

    kind: Kind
    id: UUID
    name: str
    """Browser and system, name of the token, or client."""


def find(db: Session, user_id: UUID, kind: Kind, credential_id: UUID) -> LiveCredential:
    """Find a live session, API token or script login of a user, with its name.

    Raises:
        CredentialEnded
    """
    names = {"session": session_name, "token": token_name, "script_login": script_name}
    name = names[kind](db, user_id, credential_id)
    if name is None:
        raise CredentialEnded
    return LiveCredential(kind, credential_id, name)


def session_name(db: Session, user_id: UUID, session_id: UUID) -> str | None:
    live = sessions.live(db, user_id)
    # Translated when it is shown: a mail is in the language of its recipient.
    return next((device_name(browser.user_agent) for found, browser in live if found.id == session_id), None)


def token_name(db: Session, user_id: UUID, token_id: UUID) -> str | None:
    row = tokens.find(db, user_id, token_id)
    return row.entry.name if row and row.credential.is_live(now()) else None


def script_name(db: Session, user_id: UUID, login_id: UUID) -> str | None:
    return next((login.client for login in script_logins.live(db, user_id) if login.id == login_id), None)


def end(action: AdminAction, user: User, found: LiveCredential) -> None:
    """End a credential, record who did it and why, and mail the user.

    Raises:
        TargetOutranksActor: the user has roles that the actor lacks.
        OwnAccount: the actor is a token of the user.
        CredentialEnded: it ended meanwhile.
    """
    action.check_target(user)
    db, actor_id, reason = action.db, action.actor.user_id, action.reason
    if found.kind == "session":
        is_ended = sessions.end(db, user.id, found.id, way="admin", actor_id=actor_id, reason=reason)
    elif found.kind == "token":
        is_ended = tokens.revoke(db, user.id, found.id, origin="admin", actor_id=actor_id, reason=reason)
    else:
        is_ended = refresh_families.end(db, found.id, origin="admin", actor_id=actor_id, reason=reason)
    if not is_ended:
        raise CredentialEnded
    action.mail_user(user, "credential_ended", credential=found.kind, name=found.name)
