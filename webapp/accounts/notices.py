"""Security mails: what happened, when, from where and on which device, with a "This wasn't me" link.

Views create ``Circumstances``; each function is called in the transaction of the change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import one_time_links
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.models import User
from webapp.accounts.one_time_links import NOT_ME
from webapp.mail.mailer import Mailer

LIFETIME = timedelta(days=7)
# Kinds of mail whose link cancels a pending action instead of ending credentials.
RESET_REQUESTED, RESET_BEGUN = "reset_password", "factors_reset_begun"
# A kind whose link also restores what was removed.
IDENTITY_UNLINKED = "identity_unlinked"


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """When, from which IP address and on which device something was done."""

    at: datetime
    ip_address: str | None
    device: str
    """Browser and system, or the name of a script; translated when it becomes a string."""


def new_login(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, credential_id: UUID) -> None:
    """Mail about a login with an unknown browser."""
    send_notice(db, mailer, user, circumstances, "new_login", credential_id=str(credential_id))


def new_script_login(
    db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, credential_id: UUID
) -> None:
    """Mail about a login of an unknown script, or of a known one from an unknown network."""
    send_notice(db, mailer, user, circumstances, "new_script_login", credential_id=str(credential_id))


def device_allowed(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, app: str) -> None:
    """Mail about an app on another device that now has access; an attacker may have sent the user the code."""
    send_notice(db, mailer, user, circumstances, "device_allowed", variables={"app": app})


def password_changed(
    db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, ended: EndedCredentials
) -> None:
    """Mail about a password that was changed with the current one."""
    send_notice(db, mailer, user, circumstances, "password_changed", variables={"ended": ended})


def password_reset(
    db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, ended: EndedCredentials
) -> None:
    """Mail about a password that was set with a mailed link."""
    send_notice(db, mailer, user, circumstances, "password_reset", variables={"ended": ended})


def name_changed(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, former: str) -> None:
    """Mail about a changed user name.

    Args:
        former: the previous user name, which the link restores.
    """
    send_notice(db, mailer, user, circumstances, "name_changed", variables={"former": former}, former=former)


def everything_ended(
    db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, ended: EndedCredentials
) -> None:
    """Mail about the use of "End all access"."""
    send_notice(db, mailer, user, circumstances, "everything_ended", variables={"ended": ended})


def account_closed(
    db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, closes_at: datetime
) -> None:
    """Mail about a closed account. Its link reopens the account until it is deleted."""
    lifetime = closes_at - circumstances.at
    send_notice(
        db, mailer, user, circumstances, "account_closed", variables={"closes_at": closes_at}, lifetime=lifetime
    )


def reset_requested(
    db: Session,
    mailer: Mailer,
    user: User,
    circumstances: RequestOrigin,
    *,
    path: str,
    lifetime: timedelta,
    ended: EndedCredentials | None = None,
) -> None:
    """Mail with a link that sets a new password, and one that cancels it.

    Args:
        path: of the page that sets the password.
        lifetime: of both links.
        ended: what was ended along with it, if the user had just followed a "This wasn't me" link.
    """
    variables = {"path": path, "ended": ended}
    send_notice(db, mailer, user, circumstances, RESET_REQUESTED, variables=variables, lifetime=lifetime)


def factors_changed(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, change: str) -> None:
    """Mail about an added or removed second factor.

    Args:
        change: a sentence, translated when it becomes a string.
    """
    send_notice(db, mailer, user, circumstances, "factors_changed", variables={"change": change})


def identity_linked(
    db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, provider: str, shown_as: str
) -> None:
    """Mail about a login with an identity provider that the user can use now."""
    send_notice(
        db, mailer, user, circumstances, "identity_linked", variables={"provider": provider, "shown_as": shown_as}
    )


def identity_unlinked(
    db: Session,
    mailer: Mailer,
    user: User,
    circumstances: RequestOrigin,
    *,
    provider: str,
    shown_as: str,
    restores: Mapping[str, str],
) -> None:
    """Mail about a login with an identity provider that no longer works.

    Args:
        restores: what the link needs to restore it; see ``LinkedLogins.restore``.
    """
    variables = {"provider": provider, "shown_as": shown_as}
    send_notice(db, mailer, user, circumstances, IDENTITY_UNLINKED, variables=variables, restores=restores)


def recovery_code_used(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, left: int) -> None:
    """Mail about a used recovery code.

    Args:
        left: number of unused ones.
    """
    send_notice(db, mailer, user, circumstances, "recovery_code_used", variables={"left": left})


def code_refused(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, is_locked: bool) -> None:
    """Mail about wrong codes after the right password.

    Args:
        is_locked: whether so many came in a row that codes of the authenticator app are no longer accepted.
    """
    send_notice(db, mailer, user, circumstances, "code_refused", variables={"is_locked": is_locked})


def session_copied(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin) -> None:
    """Mail about a remembered session that was ended, because a copy of its cookie was used."""
    send_notice(db, mailer, user, circumstances, "session_copied")


def passkey_copied(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, name: str) -> None:
    """Mail about a passkey whose signature counter went backwards, so it may have been copied (WebAuthn §6.1.1)."""
    send_notice(db, mailer, user, circumstances, "passkey_copied", variables={"name": name})


def factors_reset_begun(
    db: Session,
    mailer: Mailer,
    user: User,
    circumstances: RequestOrigin,
    *,
    actor: str,
    reason: str,
    due_at: datetime,
    wait: timedelta,
) -> None:
    """Mail about a pending reset of second factors, with a link that stops it.

    Args:
        actor: user name of the administrator.
        due_at: when the factors are removed.
        wait: time until then.
    """
    variables = {"actor": actor, "reason": reason, "due_at": due_at}
    send_notice(db, mailer, user, circumstances, RESET_BEGUN, variables=variables, lifetime=max(LIFETIME, wait))


def factors_reset(
    db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin, *, path: str | None, within: timedelta
) -> None:
    """Mail about second factors that an administrator removed.

    Args:
        path: of the page that sets a password, for users without one.
        within: lifetime of that page.
    """
    send_notice(db, mailer, user, circumstances, "factors_reset", variables={"path": path, "within": within})


def send_notice(
    db: Session,
    mailer: Mailer,
    user: User,
    circumstances: RequestOrigin,
    kind: str,
    *,
    variables: Mapping[str, object] | None = None,
    lifetime: timedelta = LIFETIME,
    **about: str | Mapping[str, str],
) -> None:
    """Send a security mail. Nothing is sent without an e-mail address; the event is in the user's activity all the
    same.

    Args:
        variables: further variables of the template.
        about: what the link is to undo or end.
    """
    if user.email is None:
        return
    facts = {"what": kind, "since": circumstances.at.isoformat()} | about
    secret = one_time_links.create(db, NOT_ME, lifetime, user_id=user.id, email=user.email, facts=facts, replaces=False)
    mailer.send_link(
        db,
        kind,
        user.email,
        user_id=user.id,
        username=user.username,
        ends_at=circumstances.at + lifetime if kind == RESET_REQUESTED else None,
        circumstances=circumstances,
        link=f"/not-me/{secret}",
        lifetime=lifetime,
        is_elsewhere=user.has_external_identity,
        **(variables or {}),
    )
