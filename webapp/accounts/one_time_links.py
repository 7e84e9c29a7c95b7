"""Links that work once and not for long."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from webapp.accounts.models import Link
from webapp.core.clock import now
from webapp.core.digests import digest, new_secret

# Dead links are kept so long, for whoever looks into what happened; a few are thrown away at a time.
DEAD_KEPT, MOST = timedelta(days=30), 500

# Links that undo what somebody else did. They still work after a new password or e-mail address.
UNDO, NOT_ME, NOT_MY_TOKEN = "address-undo", "not-me", "not-my-token"

# A fact of a link: others see it too, such as the admin who made it, or whoever reads the log where no mail is sent.
SHOWN = "is_shown"

# Reset links that work side by side. Strangers can ask for them; the bound is more than the limit for mails allows
# while one of them works, so no request makes one of them void.
SIDE_BY_SIDE = 12

LETS_IN = Link.purpose.not_in((UNDO, NOT_ME, NOT_MY_TOKEN))


class LinkDead(Exception):
    """Used, expired, never made, or of an account that is not what it was."""


def make(
    db: Session,
    purpose: str,
    lifetime: timedelta,
    *,
    user_id: UUID | None = None,
    address: str | None = None,
    facts: dict[str, Any] | None = None,
    replaces: bool = True,
    keeps: int = 0,
) -> str:
    """A new secret for an e-mail address. It replaces those of this purpose and user, unless ``replaces`` is False.

    Args:
        keeps: how many of them, the newest, go on working beside it. What strangers can ask for must not stop a link
            that its owner has just received.
    """
    if replaces:
        owner = Link.user_id == user_id if user_id else Link.user_id.is_(None)
        unused = Link.purpose == purpose, Link.used_at.is_(None), owner
        former = delete(Link).where(*unused)
        if keeps:
            newest = select(Link.digest).where(*unused).order_by(Link.created_at.desc(), Link.digest).limit(keeps)
            former = former.where(Link.digest.not_in(newest))
        db.execute(former)
    secret = new_secret()
    db.add(
        Link(
            digest=digest(secret),
            purpose=purpose,
            user_id=user_id,
            address=address,
            facts=facts,
            created_at=now(),
            expires_at=now() + lifetime,
        )
    )
    return secret


def find(db: Session, purpose: str, secret: str) -> Link | None:
    """The link of this secret, if it works."""
    link = db.get(Link, digest(secret))
    works = link is not None and link.purpose == purpose and link.used_at is None and now() < link.expires_at
    return link if works else None


def verifies(link: Link) -> bool:
    """Whether following the link proves the e-mail address: it came by mail, and by no other way."""
    return bool(link.address) and not (link.facts or {}).get(SHOWN, False)


def ends_at(db: Session, purpose: str, secret: str) -> datetime | None:
    """Until when it works; None for one that does not."""
    link = find(db, purpose, secret)
    return link.expires_at if link else None


def spend(db: Session, purpose: str, secret: str) -> Link | None:
    """Use it up. One statement, so that of two who come at once one is too late."""
    return db.scalar(
        update(Link)
        .where(Link.digest == digest(secret), Link.purpose == purpose, Link.used_at.is_(None), Link.expires_at > now())
        .values(used_at=now())
        .returning(Link)
    )


def invalidate(db: Session, user_id: UUID, purpose: str) -> None:
    """Those of a user that were not used yet, as after a change that makes them pointless."""
    db.execute(delete(Link).where(Link.user_id == user_id, Link.purpose == purpose, Link.used_at.is_(None)))


def void(db: Session, user_id: UUID) -> None:
    """Earlier links that give access stop working; links that undo a change still work."""
    db.execute(delete(Link).where(Link.user_id == user_id, LETS_IN))


def void_of_everybody(db: Session) -> int:
    """As ``void``, for all users and for those who have no account yet. Returns how many worked until then."""
    works = Link.used_at.is_(None), Link.expires_at > now()
    return len(db.scalars(delete(Link).where(LETS_IN, *works).returning(Link.digest)).all())


def void_all(db: Session, *, before: datetime) -> int:
    """Everybody's, whatever for, that were made before and not used. Returns how many."""
    dead = delete(Link).where(Link.used_at.is_(None), Link.created_at < before, Link.expires_at > now())
    return len(db.scalars(dead.returning(Link.digest)).all())


def waits(db: Session, user_id: UUID, purpose: str) -> bool:
    """Whether one was made for a user and never used, over or not."""
    query = select(Link.digest).where(Link.user_id == user_id, Link.purpose == purpose, Link.used_at.is_(None))
    return db.scalar(query.limit(1)) is not None


def purge(db: Session) -> int:
    """Throw away links that are long over. Returns how many; fewer than ``MOST`` only where there are no more."""
    # Those without an address were made for nobody, so that an unknown name costs what a known one does.
    is_over = or_(Link.expires_at <= now() - DEAD_KEPT, Link.address == "")
    over = db.scalars(select(Link.digest).where(is_over).limit(MOST)).all()
    db.execute(delete(Link).where(Link.digest.in_(over)))
    return len(over)
