"""Passkeys of users: add, find, use, rename and remove them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.combining_marks import STACKED, is_stacked
from webapp.core.translation import _
from webapp.mfa.authenticator_names import suggested
from webapp.mfa.models import Passkey
from webapp.mfa.webauthn_ceremonies import KnownPasskey, RegisteredPasskey, VerifiedAssertion

LONGEST_NAME = 50


class InvalidPasskeyName(Exception):
    """The name is not accepted. The message is for the person who chose it."""


class AlreadyKnown(Exception):
    """The credential id of the passkey is already registered."""


class CounterNotIncreased(Exception):
    """The signature counter is not higher than before, so the passkey may have been copied (WebAuthn §6.1.1)."""


def checked_name(name: str) -> str:
    """Validate the name of a passkey.

    Raises:
        InvalidPasskeyName
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidPasskeyName(_("Enter a name with 1 to %(count)s printable characters.", count=LONGEST_NAME))
    if is_stacked(name):
        raise InvalidPasskeyName(STACKED)
    return name


def add(db: Session, user_id: UUID, registered: RegisteredPasskey, name: str | None = None) -> Passkey:
    """Store a registered passkey.

    Args:
        name: default: the name of the authenticator.

    Raises:
        AlreadyKnown
    """
    passkey = Passkey(
        user_id=user_id,
        credential_id=registered.credential_id,
        public_key=registered.public_key,
        sign_count=registered.sign_count,
        aaguid=registered.aaguid,
        name=name or free_name(db, user_id, suggested(registered.aaguid, is_synced=registered.is_synced)),
        transports=list(registered.transports),
        is_synced=registered.is_synced,
        created_at=now(),
        uses=0,
        rp_id=registered.rp_id,
    )
    try:
        with db.begin_nested():
            db.add(passkey)
    except IntegrityError as error:
        raise AlreadyKnown from error
    return passkey


def free_name(db: Session, user_id: UUID, preferred: str) -> str:
    """A name for a passkey: the preferred one, with a number appended if the user has it already."""
    existing_names = {passkey.name for passkey in of_user(db, user_id)}
    numbered = (preferred if number == 1 else f"{preferred} {number}" for number in range(1, len(existing_names) + 2))
    return next(name for name in numbered if name not in existing_names)


def of_user(db: Session, user_id: UUID) -> Sequence[Passkey]:
    return db.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.created_at)).all()


def holders() -> Select[tuple[UUID]]:
    """Query of the ids of users with a passkey."""
    return select(Passkey.user_id)


def for_options(db: Session, user_id: UUID) -> list[KnownPasskey]:
    """The passkeys of a user for WebAuthn options, the last used first."""
    found = sorted(of_user(db, user_id), key=lambda passkey: passkey.last_used_at or passkey.created_at, reverse=True)
    return [KnownPasskey(passkey.credential_id, tuple(passkey.transports), passkey.rp_id) for passkey in found]


def by_credential(db: Session, credential_id: bytes) -> Passkey | None:
    return db.scalar(select(Passkey).where(Passkey.credential_id == credential_id))


def find(db: Session, user_id: UUID, passkey_id: UUID) -> Passkey | None:
    """A passkey, if it is this user's."""
    found = db.get(Passkey, passkey_id)
    return found if found is not None and found.user_id == user_id else None


def use(db: Session, passkey: Passkey, proven: VerifiedAssertion) -> None:
    """Store a use with its signature counter. One UPDATE, so that a copy used at the same time is detected.

    Raises:
        CounterNotIncreased
    """
    is_greater = Passkey.sign_count < proven.sign_count
    # Synced passkeys have no counter: it is always 0.
    is_in_order = is_greater if proven.sign_count else Passkey.sign_count == 0
    used = db.execute(
        update(Passkey)
        .where(Passkey.id == passkey.id, is_in_order)
        .values(sign_count=proven.sign_count, last_used_at=now(), uses=Passkey.uses + 1)
        .returning(Passkey.id)
    )
    if used.first() is None:
        raise CounterNotIncreased


def remove(db: Session, passkey: Passkey) -> bool:
    """Remove a passkey. Returns False if it was removed before."""
    deleted = db.execute(delete(Passkey).where(Passkey.id == passkey.id).returning(Passkey.id))
    return deleted.first() is not None


def remove_all(db: Session, user_id: UUID) -> int:
    return len(db.scalars(delete(Passkey).where(Passkey.user_id == user_id).returning(Passkey.id)).all())


def note_rp_id(db: Session, rp_id: str) -> None:
    """Note ``rp_id`` on the passkeys whose rows say none."""
    db.execute(update(Passkey).where(Passkey.rp_id.is_(None)).values(rp_id=rp_id))


def unaccepted_by_rp_id(db: Session, accepted: Collection[str]) -> dict[str, int]:
    """Number of passkeys by their RP ID, if it is none that this site accepts."""
    query = select(Passkey.rp_id, func.count()).where(Passkey.rp_id.not_in(accepted)).group_by(Passkey.rp_id)
    return {rp_id: count for rp_id, count in db.execute(query) if rp_id}
