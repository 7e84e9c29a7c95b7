"""Another e-mail address: asked for, confirmed from there, and for a week undone from the one before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts.closing import UNDO, void_links
from webapp.accounts.links import LinkDead
from webapp.accounts.models import Link, User
from webapp.accounts.names import key_of
from webapp.accounts.registration import AddressTaken
from webapp.audit.log import Event, record
from webapp.kernel.clock import now
from webapp.kernel.digests import digest, new_secret
from webapp.sessions import lifecycle as sessions

CONFIRM = "address-confirm"
CONFIRMED_WITHIN, UNDONE_WITHIN = timedelta(days=1), timedelta(days=7)

Send = Callable[..., object]
"""``send(kind, to, user_id=…, **facts)``, in the same transaction."""
Href = Callable[[str, str], str]
"""The address of a link, by its purpose and secret."""


@dataclass(frozen=True, slots=True)
class Letters:
    """How this room's mails are sent, and what they say of where they come from."""

    send: Send
    href: Href


def ask(db: Session, user: User, address: str, letters: Letters) -> None:
    """Mail a link to the new address. Whoever asks learns nothing of whose it is: its owner does."""
    db.execute(delete(Link).where(Link.user_id == user.id, Link.purpose == CONFIRM))
    owner = db.scalar(select(User).where(User.email_key == key_of(address)))
    secret = make(db, CONFIRM, user.id, address, CONFIRMED_WITHIN)
    record(db, Event.ADDRESS_ASKED, user_id=user.id, address=address)
    if owner is not None and owner.id != user.id:
        letters.send("address_in_use", address, user_id=owner.id)
    else:
        letters.send(
            "confirm_address", address, user_id=user.id, name=user.username, href=letters.href(CONFIRM, secret)
        )


def pending(db: Session, user_id: UUID) -> Link | None:
    """The change that waits to be confirmed."""
    query = select(Link).where(Link.user_id == user_id, Link.purpose == CONFIRM)
    return db.scalar(query.where(Link.used_at.is_(None), Link.expires_at > now()))


def cancel(db: Session, user_id: UUID) -> None:
    db.execute(delete(Link).where(Link.user_id == user_id, Link.purpose == CONFIRM))


def live(db: Session, purpose: str, secret: str) -> Link:
    """
    Raises:
        LinkDead
    """
    link = db.get(Link, digest(secret))
    if link is None or link.purpose != purpose or link.used_at is not None or link.expires_at <= now():
        raise LinkDead
    return link


def confirm(db: Session, secret: str, letters: Letters) -> None:
    """The new address counts; the old one is told, and may take it back.

    Raises:
        LinkDead
        AddressTaken: somebody was quicker.
    """
    user, link = spend(db, CONFIRM, secret)
    former, was_verified = user.email, user.email_verified_at is not None
    settle(db, user, str(link.address))
    void_links(db, user.id)
    record(db, Event.ADDRESS_CHANGED, user_id=user.id, former=former, address=link.address)
    if former is not None and key_of(former) != key_of(str(link.address)):
        undo_secret = make(db, UNDO, user.id, former, UNDONE_WITHIN, was_verified=was_verified)
        letters.send(
            "address_changed",
            former,
            user_id=user.id,
            name=user.username,
            address=link.address,
            href=letters.href(UNDO, undo_secret),
            days=UNDONE_WITHIN.days,
        )


def undo(db: Session, secret: str) -> str:
    """The address before is the account's again, and whoever is logged in is not any more.

    Returns:
        That address.

    Raises:
        LinkDead, AddressTaken
    """
    user, link = spend(db, UNDO, secret)
    settle(db, user, str(link.address), is_verified=bool((link.facts or {}).get("was_verified")))
    void_links(db, user.id)
    # Those who took the account may have changed the address more than once: their own way back is closed.
    db.execute(delete(Link).where(Link.user_id == user.id, Link.purpose == UNDO, Link.created_at >= link.created_at))
    sessions.end_others(db, user.id)
    record(db, Event.ADDRESS_RESTORED, user_id=user.id, address=link.address)
    return str(link.address)


def make(db: Session, purpose: str, user_id: UUID, address: str, lifetime: timedelta, **facts: object) -> str:
    secret, moment = new_secret(), now()
    link = Link(digest=digest(secret), purpose=purpose, user_id=user_id, address=address, facts=facts or None)
    link.created_at, link.expires_at = moment, moment + lifetime
    db.add(link)
    db.flush()
    return secret


def spend(db: Session, purpose: str, secret: str) -> tuple[User, Link]:
    link = live(db, purpose, secret)
    # One statement decides, so that of two who come at once one is too late.
    spent = update(Link).where(Link.digest == link.digest, Link.used_at.is_(None)).values(used_at=now())
    if db.execute(spent.returning(Link.digest)).first() is None:
        raise LinkDead
    user = db.get(User, link.user_id)
    if user is None or user.disabled_at is not None:
        raise LinkDead
    return user, link


def settle(db: Session, user: User, address: str, *, is_verified: bool = True) -> None:
    try:
        with db.begin_nested():
            user.email, user.email_key = address, key_of(address)
            user.email_verified_at = now() if is_verified else None
    except IntegrityError as error:
        raise AddressTaken(address) from error
