"""disavow, undo_email_change: "This wasn't me" links undo an action and end logins until a new password is set."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.accounts import (
    email_change,
    ended_credentials,
    invitations,
    lifecycle,
    mfa_reset,
    one_time_links,
    profile,
    recovery,
)
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.models import Link, User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.notices import IDENTITY_UNLINKED, RESET_BEGUN, RESET_REQUESTED, RequestOrigin
from webapp.accounts.one_time_links import NOT_ME, LinkDead
from webapp.accounts.recovery import RESET
from webapp.accounts.registration import UserNameTaken
from webapp.audit.log import Event, record
from webapp.credentials import lifecycle as credentials
from webapp.mail.mailer import Mailer
from webapp.mfa import factors, resets
from webapp.tokens import lifecycle as tokens

# The mail is written moments after the credential that it is about was created.
MOMENTS = timedelta(minutes=1)


def link_and_user(db: Session, secret: str) -> tuple[Link, User]:
    """The link of a "This wasn't me" mail and the user it concerns.

    Raises:
        LinkDead: it does not work any more, or the account is disabled.
    """
    link = one_time_links.find(db, NOT_ME, secret)
    user = db.get(User, link.user_id) if link is not None and link.user_id is not None else None
    if link is None or user is None or user.disabled_at is not None:
        raise LinkDead
    return link, user


@dataclass(frozen=True, slots=True)
class Disavowal:
    """The result of a "This wasn't me" link."""

    is_mailed: bool = False
    """Whether a link for a new password was mailed. Not if the account has another e-mail address by now."""
    ended: EndedCredentials | None = None
    """What was ended; None if a pending reset was cancelled instead."""


def disavow(
    db: Session,
    mailer: Mailer,
    secret: str,
    unknown_hash: str,
    circumstances: RequestOrigin,
    non_passkey_logins: NonPasskeyLogins,
) -> Disavowal:
    """Cancel a pending reset, or end all logins and lock the account with a mailed link for a new password.

    Args:
        secret: of the link.
        unknown_hash: hash of a random password that nobody knows.

    Raises:
        LinkDead: it does not work any more.
    """
    link, user = link_and_user(db, secret)
    if one_time_links.spend(db, NOT_ME, secret) is None:
        raise LinkDead
    facts = link.facts or {}
    if is_only_begun(db, link, user):
        cancel_reset(db, user, facts["what"])
        return Disavowal()
    if facts["what"] == "name_changed":
        rename_back(db, user, facts["former"])
    lifecycle.reopen(db, user)
    ended = secure_account(db, user, unknown_hash, non_passkey_logins, since=datetime.fromisoformat(facts["since"]))
    if facts["what"] == IDENTITY_UNLINKED:
        non_passkey_logins.linked.restore(db, user.id, facts["restores"])
    record(db, Event.LOGIN_DISOWNED, user_id=user.id, what=facts["what"], **ended.facts)
    is_changed_here = not user.has_external_identity and non_passkey_logins.passwords.is_allowed_for(db, user)
    if not is_changed_here or not recovery.has_email_of(user, link):
        # The e-mail address was changed since. That change was announced with an undo link of its own.
        return Disavowal(ended=ended)
    recovery.send_link(db, mailer, user, circumstances, ended=ended)
    return Disavowal(is_mailed=True, ended=ended)


def undo_email_change(
    db: Session,
    mailer: Mailer,
    secret: str,
    unknown_hash: str,
    circumstances: RequestOrigin,
    non_passkey_logins: NonPasskeyLogins,
) -> tuple[User, EndedCredentials]:
    """Restore the previous e-mail address and lock the account, with a link for a new password mailed there.

    Returns:
        The user, and what was ended.

    Raises:
        LinkDead: it does not work any more.
        EmailTaken: another account uses the previous e-mail address by now.
    """
    user, since = email_change.undo(db, secret)
    # The attacker may also have closed the account, and that mail went to the new e-mail address.
    lifecycle.reopen(db, user)
    ended = secure_account(db, user, unknown_hash, non_passkey_logins, since=since)
    if not user.has_external_identity and non_passkey_logins.passwords.is_allowed_for(db, user):
        recovery.send_link(db, mailer, user, circumstances, ended=ended)
    return user, ended


def secure_account(
    db: Session, user: User, unknown_hash: str, non_passkey_logins: NonPasskeyLogins, *, since: datetime
) -> EndedCredentials:
    """End every session and script login and make the password unusable.

    API tokens, second factors, linked identities and invitations created ``since`` are removed too, because an attacker
    may have created them.
    """
    # With an identity provider there is no local password to replace.
    is_local = not user.has_external_identity
    hashed = unknown_hash if user.has_password else ""
    ended = lifecycle.set_password(db, user, hashed) if is_local else ended_credentials.end_logins(db, user.id)
    token_ids = [token.id for token in credentials.live(db, user.id, "token") if token.created_at >= since]
    revoked = sum(tokens.revoke(db, user.id, token_id) for token_id in token_ids)
    invitations.revoke_all(db, since=since, by=user.id)
    factors.remove_since(db, user.id, since - MOMENTS)
    non_passkey_logins.linked.remove_since(db, user.id, since - MOMENTS)
    return replace(ended, tokens=revoked, tokens_kept=ended.tokens_kept - revoked)


def is_only_begun(db: Session, link: Link, user: User) -> bool:
    """Whether the link is about a pending reset or password link, which is cancelled while nothing has happened yet."""
    kind = (link.facts or {})["what"]
    if kind == RESET_REQUESTED:
        return one_time_links.has_unused(db, user.id, RESET)
    return kind == RESET_BEGUN and resets.pending_reset(db, user.id) is not None


def cancel_reset(db: Session, user: User, kind: str) -> None:
    if kind == RESET_REQUESTED:
        one_time_links.invalidate(db, user.id, RESET)
        record(db, Event.RESET_STOPPED, user_id=user.id)
    else:
        mfa_reset.stop(db, user)


def rename_back(db: Session, user: User, former: str) -> None:
    try:
        profile.rename(db, user, former)
    except UserNameTaken:
        # Another account has that name by now. The user can choose another one.
        return
