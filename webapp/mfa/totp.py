"""TOTP (RFC 6238): enrol an authenticator app, and verify codes, each at most once."""

import logging
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NewType
from uuid import UUID

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.core.sealed_column import SealedColumn
from webapp.mfa.models import TotpSeed
from webapp.settings import Settings

log = logging.getLogger(__name__)

# Encrypts the seeds of authenticator apps.
TotpEncryptor = NewType("TotpEncryptor", Encryptor)

SEEDS = SealedColumn("authenticator apps", "totp", TotpSeed.id, TotpSeed.sealed, TotpSeed.user_id)

DIGITS = 6
# One step before and after, because clocks differ and people type slowly (RFC 6238 §5.2).
DRIFT = 1


class WrongCode(Exception):
    """The code is wrong, expired or was used before."""


class SeedUnreadable(Exception):
    """The seed of the user cannot be decrypted with a secret key of this site, so that no code can be checked."""


class AlreadyEnrolled(Exception):
    """The user has an authenticator app already."""


def new_seed() -> str:
    """A seed of 160 random bits (RFC 4226 §4) in base 32."""
    return pyotp.random_base32()


def uri(seed: str, *, username: str, site_name: str) -> str:
    """The ``otpauth`` URI of a QR code."""
    return pyotp.TOTP(seed).provisioning_uri(name=username, issuer_name=site_name)


def in_groups(seed: str) -> str:
    """The seed in groups of four characters, for typing it."""
    return " ".join(seed[place : place + 4] for place in range(0, len(seed), 4))


def digits_of(code: str) -> str | None:
    """The six digits of a typed code, without spaces and in ASCII; None if it is not a code."""
    plain = "".join(unicodedata.normalize("NFKC", code).split()).replace("-", "")
    return plain if len(plain) == DIGITS and plain.isascii() and plain.isdigit() else None


def step_of(seed: str, code: str, at: datetime) -> int:
    """The time step of a code.

    Raises:
        WrongCode
    """
    digits = digits_of(code)
    if digits is None:
        raise WrongCode("not six digits")
    try:
        return pyotp.TOTP(seed).verify_and_get_timecode(digits, for_time=at.timestamp(), valid_window=DRIFT)
    except OTPVerificationError as error:
        raise WrongCode("wrong code") from error


def enrol(db: Session, encryptor: Encryptor, user_id: UUID, seed: str, code: str) -> None:
    """Store the seed of an authenticator app after its first code, which cannot be used again.

    Args:
        seed: in base 32.
        code: six digits.

    Raises:
        WrongCode, AlreadyEnrolled
    """
    step = step_of(seed, code, now())
    sealed = encryptor.seal(seed.encode(), belongs_to=str(user_id))
    try:
        with db.begin_nested():
            db.add(TotpSeed(user_id=user_id, sealed=sealed, created_at=now(), last_step=step))
    except IntegrityError as error:
        raise AlreadyEnrolled from error


def encryptor_for(settings: Settings) -> TotpEncryptor:
    return TotpEncryptor(SEEDS.encryptor(settings))


def keep_sealed(db: Session, seeds: Mapping[UUID, bytes]) -> None:
    """Keep seeds from another site, encrypted for their users; no code of theirs was used here."""
    rows = [
        {"user_id": user_id, "sealed": sealed, "created_at": now(), "last_step": 0} for user_id, sealed in seeds.items()
    ]
    if rows:
        db.execute(insert(TotpSeed), rows)


def of_users(db: Session, user_ids: Iterable[UUID]) -> dict[UUID, TotpSeed]:
    """The seeds of those who have one."""
    found = db.scalars(select(TotpSeed).where(TotpSeed.user_id.in_(set(user_ids))))
    return {seed.user_id: seed for seed in found}


def find(db: Session, user_id: UUID) -> TotpSeed | None:
    """The authenticator app of a user."""
    return db.scalar(select(TotpSeed).where(TotpSeed.user_id == user_id))


def spend(db: Session, encryptor: Encryptor, user_id: UUID, code: str) -> None:
    """Verify a code and mark it as used. One UPDATE, so that only one of two concurrent requests with the same code
    succeeds.

    Raises:
        WrongCode, SeedUnreadable
    """
    found = find(db, user_id)
    if found is None:
        raise WrongCode("no app")
    seed = decrypted_seed(encryptor, found)
    step = step_of(seed, code, now())
    updated = db.execute(
        update(TotpSeed)
        .where(TotpSeed.id == found.id, TotpSeed.last_step < step)
        # Encrypted again with the current key, so that seeds in use follow a changed secret key.
        .values(last_step=step, last_used_at=now(), sealed=encryptor.seal(seed.encode(), belongs_to=str(user_id)))
        .returning(TotpSeed.id)
    )
    if updated.first() is None:
        raise WrongCode("already used")


def decrypted_seed(encryptor: Encryptor, found: TotpSeed) -> str:
    """Decrypt a stored TOTP seed.

    Raises:
        SeedUnreadable
    """
    try:
        return encryptor.open(found.sealed, belongs_to=str(found.user_id)).decode()
    except DecryptionFailed as error:
        # The row was modified, or encrypted with a secret key that is gone.
        log.error("totp seed broken", extra={"fields": {"user_id": str(found.user_id)}})
        raise SeedUnreadable from error


def is_unreadable(db: Session, encryptor: Encryptor, user_id: UUID) -> bool:
    """Whether the user has an authenticator app whose codes cannot be checked here."""
    found = find(db, user_id)
    try:
        return found is not None and not decrypted_seed(encryptor, found)
    except SeedUnreadable:
        return True


def remove(db: Session, user_id: UUID) -> bool:
    """Remove the authenticator app. Returns False if there was none."""
    return db.execute(delete(TotpSeed).where(TotpSeed.user_id == user_id).returning(TotpSeed.id)).first() is not None
