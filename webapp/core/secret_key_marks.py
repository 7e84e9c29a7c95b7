"""Marks of the secret keys under which something in the database may be encrypted: each process must have them all."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.digests import derive, keyed
from webapp.core.models import SecretKeyMark
from webapp.settings import Settings, SettingsError


class OtherSecretKey(SettingsError):
    """Something in the database is encrypted under a secret key that this process does not have."""


def mark_of(secret_key: str) -> str:
    """A digest by which a secret key is recognized, and which does not reveal it."""
    return keyed(derive(secret_key, "mark of the secret key"), "the database belongs to this secret key")


def stored_marks(db: Session) -> set[str]:
    return set(db.scalars(select(SecretKeyMark.mark)))


def check(marks: set[str], settings: Settings) -> None:
    """Check that the database belongs to the secret key of the settings or one of its fallbacks.

    Raises:
        OtherSecretKey
    """
    if unknown := marks - {mark_of(key) for key in (settings.secret_key, *settings.secret_key_fallbacks)}:
        which_key = "another secret key" if len(unknown) == len(marks) else "a further secret key"
        raise OtherSecretKey(
            f"The database belongs to {which_key}. Set WEBAPP_SECRET_KEY or WEBAPP_SECRET_KEY_FALLBACKS to it, "
            f"or restore {settings.instance / 'secret_key'}."
        )


def keep_only(db: Session, secret_key: str) -> None:
    """Delete the marks of all other secret keys, once nothing is encrypted under them any more."""
    db.execute(delete(SecretKeyMark).where(SecretKeyMark.mark != mark_of(secret_key)))


def add(db: Session, secret_key: str) -> None:
    db.add(SecretKeyMark(mark=mark_of(secret_key), created_at=now()))
