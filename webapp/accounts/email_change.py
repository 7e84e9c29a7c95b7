"""Change an e-mail address: request it, confirm it with a mailed link, and undo it for a week from the previous
e-mail address."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import one_time_links, user_queries
from webapp.accounts.models import Link, User
from webapp.accounts.names import normalized_key
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.one_time_links import UNDO, LinkDead
from webapp.accounts.registration import EmailTaken, refuse_emails_of_others
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.mail.mailer import Mailer
from webapp.mail.outbox import NO_EMAIL

CONFIRM = "address-confirm"
CONFIRMED_WITHIN, UNDONE_WITHIN = timedelta(days=1), timedelta(days=7)


def request(db: Session, mailer: Mailer, user: User, email: str, circumstances: RequestOrigin) -> None:
    """Request another e-mail address and mail a confirmation link to it.

    If another account has it, its owner is informed by mail instead. The caller gets the same response.
    """
    owner = user_queries.by_name_or_email(db, email)
    secret = one_time_links.create(
        db,
        CONFIRM,
        CONFIRMED_WITHIN,
        user_id=user.id,
        email=email,
        facts={one_time_links.IS_SHOWN: not mailer.can_mail},
    )
    record(db, Event.EMAIL_ASKED, user_id=user.id, email=email)
    if owner is None or owner.id == user.id:
        link = f"/account/email/confirm/{secret}"
        facts = {"username": user.username, "circumstances": circumstances, "link": link, "lifetime": CONFIRMED_WITHIN}
        ends_at = now() + CONFIRMED_WITHIN
        mailer.send_link(db, "confirm_email", email, user_id=user.id, ends_at=ends_at, **facts)
        return
    # To the e-mail address as its owner wrote it: two that compare as equal need not be one mailbox. If the owner
    # gets no mail, the same number of rows is written, so that the caller cannot tell.
    is_mailed = owner.email is not None and owner.disabled_at is None
    to, user_id = (owner.email or NO_EMAIL, owner.id) if is_mailed else (NO_EMAIL, None)
    mailer.send(db, "email_taken_by_change", to, user_id=user_id, username=owner.username, circumstances=circumstances)


def pending(db: Session, user_id: UUID) -> Link | None:
    """The confirmation link of a requested change, if it still works."""
    query = select(Link).where(Link.user_id == user_id, Link.purpose == CONFIRM)
    return db.scalar(query.where(Link.used_at.is_(None), Link.expires_at > now()))


def cancel(db: Session, user_id: UUID) -> None:
    one_time_links.invalidate(db, user_id, CONFIRM)


def pending_link(db: Session, purpose: str, secret: str) -> tuple[User, Link]:
    """The user and the link of a secret.

    Raises:
        LinkDead
    """
    link = one_time_links.find(db, purpose, secret)
    if link is None:
        raise LinkDead
    return owner_of(db, link), link


def confirm(db: Session, mailer: Mailer, secret: str, circumstances: RequestOrigin) -> None:
    """Set the new e-mail address. A mail to the previous one has a link that undoes the change.

    Raises:
        LinkDead: it does not work any more.
        EmailTaken: another account took the e-mail address meanwhile.
    """
    user, link = spend(db, CONFIRM, secret)
    former, was_verified, requested_at = user.email, user.email_verified_at is not None, link.created_at
    set_email(db, user, str(link.email), is_verified=one_time_links.verifies(link))
    one_time_links.void(db, user.id)
    record(db, Event.EMAIL_CHANGED, user_id=user.id, former=former, email=link.email)
    if former is None or normalized_key(former) == normalized_key(str(link.email)):
        return
    facts = {"was_verified": was_verified, "since": requested_at.isoformat()}
    undoing = one_time_links.create(db, UNDO, UNDONE_WITHIN, user_id=user.id, email=former, facts=facts, replaces=False)
    variables = {
        "email": link.email,
        "circumstances": circumstances,
        "link": f"/account/email/undo/{undoing}",
        "lifetime": UNDONE_WITHIN,
    }
    mailer.send(db, "email_changed", former, user_id=user.id, username=user.username, **variables)


def undo(db: Session, secret: str) -> tuple[User, datetime]:
    """Restore the e-mail address from before the change.

    Returns:
        The user, and when the change was requested.

    Raises:
        LinkDead: it does not work any more.
        EmailTaken: another account took the e-mail address meanwhile.
    """
    user, link = spend(db, UNDO, secret)
    facts = link.facts or {}
    set_email(db, user, str(link.email), is_verified=bool(facts.get("was_verified")))
    one_time_links.void(db, user.id)
    # An attacker may have changed the e-mail address more than once: undo links of later changes are deleted.
    db.execute(delete(Link).where(Link.user_id == user.id, Link.purpose == UNDO, Link.created_at >= link.created_at))
    record(db, Event.EMAIL_RESTORED, user_id=user.id, email=link.email)
    return user, datetime.fromisoformat(facts["since"]) if "since" in facts else link.created_at


def spend(db: Session, purpose: str, secret: str) -> tuple[User, Link]:
    link = one_time_links.spend(db, purpose, secret)
    if link is None:
        raise LinkDead
    return owner_of(db, link), link


def owner_of(db: Session, link: Link) -> User:
    user = db.get(User, link.user_id)
    if user is None or user.disabled_at is not None:
        raise LinkDead
    return user


def set_email(db: Session, user: User, email: str, *, is_verified: bool) -> None:
    refuse_emails_of_others(db, email=email, of=user.id)
    try:
        with db.begin_nested():
            user.email, user.email_key = email, normalized_key(email)
            user.email_verified_at = now() if is_verified else None
    except IntegrityError as error:
        raise EmailTaken(email) from error
