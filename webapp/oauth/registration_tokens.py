"""Initial access tokens (RFC 7591 §1.2): made by an admin, shown once, and used up by the apps that register."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.digests import digest, new_secret
from webapp.core.translation import _
from webapp.oauth.models import RegistrationToken

MOST_USES = 100
LONGEST_LIFETIME = timedelta(days=30)
MOST_TOKENS = 100


class InvalidRegistrationToken(Exception):
    """The token cannot be made like this; the message says why."""


@dataclass(frozen=True, slots=True, repr=False)
class MadeRegistrationToken:
    """``secret`` is shown once and stored as a digest."""

    token: RegistrationToken
    secret: str


def make(
    db: Session, *, uses: int, lifetime: timedelta, allows_logout_uri: bool, origin: str, actor_id: UUID | None = None
) -> MadeRegistrationToken:
    """Create an initial access token for dynamic client registration (RFC 7591 §3).

    Args:
        uses: how many apps can register with it.

    Raises:
        InvalidRegistrationToken
    """
    if not 1 <= uses <= MOST_USES:
        raise InvalidRegistrationToken(_("Between 1 and 100 apps can register with a token."))
    if not timedelta() < lifetime <= LONGEST_LIFETIME:
        raise InvalidRegistrationToken(_("A token lasts at most 30 days."))
    if len(list_usable(db)) >= MOST_TOKENS:
        raise InvalidRegistrationToken(_("There are 100 tokens already. Remove some first."))
    secret, moment = new_secret(), now()
    token = RegistrationToken(
        digest=digest(secret),
        uses_left=uses,
        allows_logout_uri=allows_logout_uri,
        created_at=moment,
        expires_at=moment + lifetime,
    )
    db.add(token)
    db.flush()
    record(db, Event.REGISTRATION_TOKEN_MADE, actor_id=actor_id, token=str(token.id), uses=uses, origin=origin)
    return MadeRegistrationToken(token, secret)


def is_usable(db: Session, secret: str) -> bool:
    matches = RegistrationToken.digest == digest(secret), RegistrationToken.uses_left > 0
    return db.scalar(select(RegistrationToken.id).where(*matches, RegistrationToken.expires_at > now())) is not None


def use(db: Session, secret: str) -> RegistrationToken | None:
    """Use a token once; None if it is unknown, used up or expired. One statement: of two requests one gets the last."""
    matches = RegistrationToken.digest == digest(secret), RegistrationToken.uses_left > 0
    use_once = update(RegistrationToken).where(*matches, RegistrationToken.expires_at > now())
    found = db.scalar(use_once.values(uses_left=RegistrationToken.uses_left - 1).returning(RegistrationToken.id))
    return db.get_one(RegistrationToken, found, populate_existing=True) if found is not None else None


def list_usable(db: Session) -> Sequence[RegistrationToken]:
    """The tokens that can be used, the newest first."""
    usable = RegistrationToken.uses_left > 0, RegistrationToken.expires_at > now()
    return db.scalars(select(RegistrationToken).where(*usable).order_by(RegistrationToken.created_at.desc())).all()


def revoke(db: Session, token_id: UUID, *, origin: str, actor_id: UUID | None = None) -> bool:
    """Revoke an initial access token; False if there is none. Apps that have registered with it stay."""
    deletion = delete(RegistrationToken).where(RegistrationToken.id == token_id).returning(RegistrationToken.id)
    if db.scalar(deletion) is None:
        return False
    record(db, Event.REGISTRATION_TOKEN_REVOKED, actor_id=actor_id, token=str(token_id), origin=origin)
    return True


def purge(db: Session) -> int:
    """A step of a job: delete tokens that are used up or expired. Returns how many."""
    is_over = (RegistrationToken.expires_at <= now()) | (RegistrationToken.uses_left <= 0)
    return len(db.scalars(delete(RegistrationToken).where(is_over).returning(RegistrationToken.id)).all())
