"""Passkeys as a file of exported users has them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webapp.mfa.models import Passkey
from webapp.mfa.passkeys import InvalidPasskeyName, checked_name
from webapp.mfa.webauthn_checks import requires_usable_key

MAX_PASSKEYS = 100
Instant = Annotated[datetime, Meta(tz=True)]


class InvalidPasskeyRecord(Exception):
    """A passkey in an import file is invalid. The message is for the operator."""


class PasskeyRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The columns of a passkey; bytes are base64."""

    rp_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,200}$")]
    credential_id: Annotated[bytes, Meta(min_length=1, max_length=1023)]
    public_key: Annotated[bytes, Meta(max_length=4096)]
    sign_count: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    aaguid: UUID
    name: str
    transports: Annotated[list[str], Meta(max_length=10)]
    is_synced: bool
    created_at: Instant
    last_used_at: Instant | None
    uses: Annotated[int, Meta(ge=0, le=2**31 - 1)]


def parsed_passkeys(value: object) -> list[PasskeyRecord]:
    """Passkeys as an import file gives them: a list, or such a list as JSON text in a CSV file.

    Raises:
        InvalidPasskeyRecord
    """
    kind = Annotated[list[PasskeyRecord], Meta(max_length=MAX_PASSKEYS)]
    try:
        found = msgspec.json.decode(value, type=kind) if isinstance(value, str) else msgspec.convert(value, kind)
        for record in found:
            checked_name(record.name)
    except (msgspec.DecodeError, InvalidPasskeyName) as error:
        raise InvalidPasskeyRecord(f"passkeys: {error}") from error
    for record in found:
        try:
            requires_usable_key(record.public_key)
        except Exception as error:
            # The library raises whatever it meets in CBOR that is none.
            raise InvalidPasskeyRecord(f"passkeys: the public key of {record.name!r} cannot be used.") from error
    return found


def of_users(db: Session, user_ids: Iterable[UUID]) -> dict[UUID, list[PasskeyRecord]]:
    """The passkeys of those who have some, oldest first."""
    found: dict[UUID, list[PasskeyRecord]] = {}
    query = select(Passkey).where(Passkey.user_id.in_(set(user_ids)), Passkey.rp_id.is_not(None))
    for passkey in db.scalars(query.order_by(Passkey.created_at)):
        columns = {name: getattr(passkey, name) for name in PasskeyRecord.__struct_fields__}
        found.setdefault(passkey.user_id, []).append(PasskeyRecord(**columns | {"aaguid": UUID(passkey.aaguid)}))
    return found


def add(db: Session, passkeys: Mapping[UUID, Sequence[PasskeyRecord]]) -> None:
    """Store the passkeys of new users."""
    rows = [
        msgspec.structs.asdict(record) | {"user_id": user_id, "aaguid": str(record.aaguid)}
        for user_id, records in passkeys.items()
        for record in records
    ]
    if rows:
        db.execute(insert(Passkey), rows)


def known_among(db: Session, credential_ids: Iterable[bytes]) -> Sequence[bytes]:
    """Those credential IDs that users of this site have."""
    return db.scalars(select(Passkey.credential_id).where(Passkey.credential_id.in_(set(credential_ids)))).all()
