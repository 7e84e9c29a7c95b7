"""Links that work once and not for long."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from webapp.accounts.models import Link
from webapp.kernel.clock import now
from webapp.kernel.digests import digest, new_secret


def make(db: Session, purpose: str, lifetime: timedelta) -> str:
    """A new secret for an address; those of the same purpose made before it are dead."""
    db.execute(delete(Link).where(Link.purpose == purpose))
    secret = new_secret()
    db.add(Link(digest=digest(secret), purpose=purpose, created_at=now(), expires_at=now() + lifetime))
    return secret


def ends_at(db: Session, purpose: str, secret: str) -> datetime | None:
    """Until when it works; None for one that does not."""
    link = db.get(Link, digest(secret))
    works = link is not None and link.purpose == purpose and link.used_at is None and now() < link.expires_at
    return link.expires_at if link is not None and works else None


def spend(db: Session, purpose: str, secret: str) -> bool:
    """Use it up. One statement, so that of two who come at once one is too late."""
    spent = db.execute(
        update(Link)
        .where(Link.digest == digest(secret), Link.purpose == purpose, Link.used_at.is_(None), Link.expires_at > now())
        .values(used_at=now())
        .returning(Link.digest)
    )
    return spent.first() is not None
