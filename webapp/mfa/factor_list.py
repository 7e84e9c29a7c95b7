"""The second factors of a user as the security page lists them, with the reason why one cannot be removed."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.mfa import passkeys, recovery_codes, totp
from webapp.mfa.authenticator_names import suggested
from webapp.mfa.factors import LoginMethods
from webapp.mfa.models import Passkey


class PasskeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    make: str
    """The authenticator, if it is known."""
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None
    uses: int


class TotpEntry(msgspec.Struct, frozen=True):
    created_at: datetime
    last_used_at: datetime | None


class RecoveryCodesLeft(msgspec.Struct, frozen=True):
    """Recovery codes; each works once."""

    left: int
    made_at: datetime | None


class FactorList(msgspec.Struct, frozen=True, kw_only=True):
    """The second factors of a user."""

    passkeys: list[PasskeyEntry]
    totp: TotpEntry | None
    recovery_codes: RecoveryCodesLeft
    has_password: bool
    keep_passkey: str | None
    """Why a passkey cannot be removed; None if it can."""
    keep_totp: str | None
    keep_password: str | None

    @property
    def has_second(self) -> bool:
        return bool(self.passkeys) or self.totp is not None


def passkey_entry(passkey: Passkey) -> PasskeyEntry:
    return PasskeyEntry(
        id=passkey.id,
        name=passkey.name,
        make=suggested(passkey.aaguid, is_synced=passkey.is_synced),
        is_synced=passkey.is_synced,
        created_at=passkey.created_at,
        last_used_at=passkey.last_used_at,
        uses=passkey.uses,
    )


def list_factors(db: Session, user_id: UUID, methods: LoginMethods) -> FactorList:
    """The second factors of a user with the reasons why they cannot be removed."""
    seed = totp.find(db, user_id)
    return FactorList(
        passkeys=[passkey_entry(passkey) for passkey in passkeys.of_user(db, user_id)],
        totp=TotpEntry(seed.created_at, seed.last_used_at) if seed else None,
        recovery_codes=left(db, user_id),
        has_password=methods.has_password,
        keep_passkey=methods.why_keep_passkey(),
        keep_totp=methods.why_keep_totp(),
        keep_password=methods.why_keep_password(),
    )


def left(db: Session, user_id: UUID) -> RecoveryCodesLeft:
    sheet = recovery_codes.remaining(db, user_id)
    return RecoveryCodesLeft(sheet.left, sheet.made_at)
