"""The hooks of the mfa package: users, mails and re-authentication."""

from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import lifecycle, notices, user_queries
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.views.request_info import current_circumstances, mailer
from webapp.login.views.blueprint import reauthenticate
from webapp.mfa.views.blueprint import MfaHooks
from webapp.web.registry import service


def has_password(db: Session, user_id: UUID) -> bool:
    user = user_queries.by_id(db, user_id)
    return user is not None and service(NonPasskeyLogins).passwords.has_usable(db, user)


def identities(db: Session, user_id: UUID) -> int:
    return service(NonPasskeyLogins).linked.usable(db, user_id)


def lock(db: Session, user_id: UUID) -> None:
    lifecycle.lock_user(db, [user_id])


def mail_user(db: Session, user_id: UUID, sentence: str) -> None:
    """Mail a sentence about second factors to the user."""
    if (user := user_queries.by_id(db, user_id)) is not None:
        notices.factors_changed(db, mailer(), user, current_circumstances(), change=sentence)


MFA_HOOKS = MfaHooks(
    reauthenticate=reauthenticate, has_password=has_password, identities=identities, lock=lock, mail_user=mail_user
)
