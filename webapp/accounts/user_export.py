"""Export of users to a file, in the format that an import reads."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.import_fields import FIELDS, SECRETS
from webapp.accounts.models import User
from webapp.core.encryption import Encryptor
from webapp.mfa import passkey_records, totp

AT_ONCE = 500
COLUMNS = {
    "disabled": "disabled_at",
    "email_verified": "email_verified_at",
    "must_verify_email": "is_unverified",
    "roles": "role",
}
"""Of fields whose column has another name."""


def exported(db: Session, encryptor: Encryptor | None) -> Iterator[dict[str, object]]:
    """The fields of each user, by name.

    Args:
        sealer: decrypts seeds of authenticator apps; None leaves out them, password hashes and passkeys.

    Raises:
        SeedUnreadable
    """
    # Service accounts cannot log in, and belong to somebody here.
    query = (
        select(User).where(User.is_service.is_(False)).order_by(User.username_key).execution_options(yield_per=AT_ONCE)
    )
    for users in db.scalars(query).partitions():
        ids = [user.id for user in users] if encryptor else []
        seeds, passkeys = totp.of_users(db, ids), passkey_records.of_users(db, ids)
        for user in users:
            seed = seeds.get(user.id)
            yield fields_of(user) | (
                {
                    "password_hash": user.password_hash,
                    "totp_seed": totp.decrypted_seed(encryptor, seed) if seed else None,
                    "passkeys": passkeys.get(user.id, []),
                }
                if encryptor
                else {}
            )


def fields_of(user: User) -> dict[str, object]:
    return {name: getattr(user, COLUMNS.get(name, name)) for name in FIELDS if name not in SECRETS}


def as_json_line(fields: Mapping[str, object]) -> bytes:
    """The fields of a user as one line of JSON, without empty ones."""
    filled = {name: value for name, value in fields.items() if value not in (None, "", False, [])}
    return msgspec.json.encode(filled) + b"\n"


def as_csv_line(fields: Mapping[str, object]) -> bytes:
    return csv_row(cell(value) for value in fields.values())


def csv_header(*, has_secrets: bool) -> bytes:
    return csv_row(name for name in FIELDS if has_secrets or name not in SECRETS)


def csv_row(cells: Iterator[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()


def cell(value: object) -> str:
    """A field as text for CSV. Nothing is put before ``=`` or ``+``: an import must read the same names."""
    if isinstance(value, list):
        return msgspec.json.encode(value).decode() if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value or "")
