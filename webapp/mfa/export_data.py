"""Second factors in the export of a user's data: names, kinds and dates, without secrets."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.mfa import passkeys, resets, totp
from webapp.mfa.factor_list import PasskeyEntry, TotpEntry, passkey_entry
from webapp.mfa.models import RecoveryCode


class CodeRecord(msgspec.Struct, frozen=True):
    made_at: datetime
    used_at: datetime | None


class ResetRecord(msgspec.Struct, frozen=True):
    """A pending reset of second factors by an administrator."""

    begun_at: datetime
    due_at: datetime
    reason: str


class FactorRecord(msgspec.Struct, frozen=True, kw_only=True):
    passkeys: list[PasskeyEntry]
    authenticator_app: TotpEntry | None
    recovery_codes: list[CodeRecord]
    reset: ResetRecord | None


def of_user(db: Session, user_id: UUID) -> FactorRecord:
    seed, reset = totp.find(db, user_id), resets.pending_reset(db, user_id)
    codes = db.scalars(select(RecoveryCode).where(RecoveryCode.user_id == user_id))
    return FactorRecord(
        passkeys=[passkey_entry(passkey) for passkey in passkeys.of_user(db, user_id)],
        authenticator_app=TotpEntry(seed.created_at, seed.last_used_at) if seed else None,
        recovery_codes=[CodeRecord(code.created_at, code.used_at) for code in codes],
        reset=ResetRecord(reset.created_at, reset.due_at, reset.reason) if reset else None,
    )
