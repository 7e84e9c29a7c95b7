"""One-time links: mailed secrets that work once and expire, stored as digests."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from webapp.accounts.models import Link
from webapp.core.clock import now
from webapp.core.digests import digest, new_secret

# Used and expired links are kept for a while, for investigations; a limited number is deleted at a time.
RETENTION, BATCH_SIZE = timedelta(days=30), 500

# Links that undo an action of somebody else. They still work after a new password or e-mail address.
UNDO, NOT_ME, NOT_MY_TOKEN = "address-undo", "not-me", "not-my-token"

# Fact of a link that was also shown outside its mail, such as to an admin or in the log of a site without mail.
IS_SHOWN = "is_shown"

# How many reset links of one user work at once. Anyone can request them. The limit on mails allows fewer while a
# link is valid, so no request makes a valid link void.
SIDE_BY_SIDE = 12

LETS_IN = Link.purpose.not_in((UNDO, NOT_ME, NOT_MY_TOKEN))


class LinkDead(Exception):
    """The link was used, has expired, never existed, or belongs to an account that has changed since."""


def create(
    db: Session,
    purpose: str,
    lifetime: timedelta,
    *,
    user_id: UUID | None = None,
    email: str | None = None,
    facts: dict[str, Any] | None = None,
    replaces: bool = True,
    keep_newest: int = 0,
) -> str:
    """Create a link and return its secret. Earlier links of this purpose and user stop working.

    Args:
        email: e-mail address it is sent to.
        facts: what it is about, such as the id of the credential to end; never a secret.
        replaces: False to let all earlier links work.
        keep_newest: how many of the newest earlier links keep working. What others can request must not void a link
            that its owner has just received.
    """
    if replaces:
        owner = Link.user_id == user_id if user_id else Link.user_id.is_(None)
        unused = Link.purpose == purpose, Link.used_at.is_(None), owner
        former = delete(Link).where(*unused)
        if keep_newest:
            newest = select(Link.digest).where(*unused).order_by(Link.created_at.desc(), Link.digest).limit(keep_newest)
            former = former.where(Link.digest.not_in(newest))
        db.execute(former)
    secret = new_secret()
    db.add(
        Link(
            digest=digest(secret),
            purpose=purpose,
            user_id=user_id,
            email=email,
            facts=facts,
            created_at=now(),
            expires_at=now() + lifetime,
        )
    )
    return secret


def find(db: Session, purpose: str, secret: str) -> Link | None:
    """The link with this secret and purpose, if it works."""
    link = db.get(Link, digest(secret))
    works = link is not None and link.purpose == purpose and link.used_at is None and now() < link.expires_at
    return link if works else None


def verifies(link: Link) -> bool:
    """Whether following the link verifies the e-mail address: it was mailed, and shown nowhere else."""
    return bool(link.email) and not (link.facts or {}).get(IS_SHOWN, False)


def ends_at(db: Session, purpose: str, secret: str) -> datetime | None:
    """When the link expires; None if it does not work."""
    link = find(db, purpose, secret)
    return link.expires_at if link else None


def spend(db: Session, purpose: str, secret: str) -> Link | None:
    """Use up a link. One UPDATE, so that only one of two concurrent requests gets it.

    Returns:
        The link, or None if it does not work any more.
    """
    return db.scalar(
        update(Link)
        .where(Link.digest == digest(secret), Link.purpose == purpose, Link.used_at.is_(None), Link.expires_at > now())
        .values(used_at=now())
        .returning(Link)
    )


def invalidate(db: Session, user_id: UUID, purpose: str) -> None:
    """Delete unused links of a user with this purpose, as after a change that makes them pointless."""
    db.execute(delete(Link).where(Link.user_id == user_id, Link.purpose == purpose, Link.used_at.is_(None)))


def void(db: Session, user_id: UUID) -> None:
    """Delete links of a user that give access; links that undo a change still work."""
    db.execute(delete(Link).where(Link.user_id == user_id, LETS_IN))


def void_of_everybody(db: Session) -> int:
    """``void`` for all users and for people without an account. Returns the number of links that still worked."""
    works = Link.used_at.is_(None), Link.expires_at > now()
    return len(db.scalars(delete(Link).where(LETS_IN, *works).returning(Link.digest)).all())


def void_all(db: Session, *, before: datetime) -> int:
    """Delete all unused links created before a moment, whatever their purpose. Returns the number that still worked."""
    unused = delete(Link).where(Link.used_at.is_(None), Link.created_at < before, Link.expires_at > now())
    return len(db.scalars(unused.returning(Link.digest)).all())


def has_unused(db: Session, user_id: UUID, purpose: str) -> bool:
    """Whether a user has an unused link of this purpose, expired or not."""
    query = select(Link.digest).where(Link.user_id == user_id, Link.purpose == purpose, Link.used_at.is_(None))
    return db.scalar(query.limit(1)) is not None


def purge(db: Session) -> int:
    """A step of a job: delete old links. Returns their number; less than ``BATCH_SIZE`` only when there are no more."""
    # Links without an e-mail address were created for unknown names, so that these cost the same as known ones.
    is_over = or_(Link.expires_at <= now() - RETENTION, Link.email == "")
    over = db.scalars(select(Link.digest).where(is_over).limit(BATCH_SIZE)).all()
    db.execute(delete(Link).where(Link.digest.in_(over)))
    return len(over)
