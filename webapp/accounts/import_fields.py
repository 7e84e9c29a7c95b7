"""The fields of a user in an import or export file: their names, and how their values are read."""

import base64
import binascii
import difflib
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

FIELDS = (
    *("id", "username", "email", "email_verified", "must_verify_email", "roles", "disabled", "created_at", "closes_at"),
    *("display_name", "language", "time_zone", "known_elsewhere_as", "password_hash", "totp_seed"),
    "passkeys",
)
SECRETS = ("password_hash", "totp_seed", "passkeys")
OTHER_SPELLINGS = {
    "user_name": "username",
    "name": "username",
    "mail": "email",
    "e-mail": "email",
    "role": "roles",
    "verified": "email_verified",
    "email_verified_at": "email_verified",
    "confirmed_at": "email_verified",
    "disabled_at": "disabled",
    "created": "created_at",
    "password": "password_hash",
}
TRUE, FALSE = frozenset({"true", "t", "yes", "1"}), frozenset({"false", "f", "no", "0", ""})
# 80 bits, as early authenticator apps had; RFC 4226 §4 demands 128 of new ones.
SHORTEST_SEED = 10


class InvalidImportValue(Exception):
    """A field of an import file has an invalid value. The message is for the operator."""


def canonical(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields by their canonical names, without empty ones.

    Raises:
        InvalidImportValue: a name is unknown, or two stand for the same field.
    """
    found: dict[str, object] = {}
    for name, value in fields.items():
        proper = OTHER_SPELLINGS.get(name.strip().lower(), name.strip().lower())
        if proper not in FIELDS:
            raise InvalidImportValue(unknown(proper))
        if proper in found:
            raise InvalidImportValue(f"The field {proper} is given twice.")
        found[proper] = value
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def unknown(name: str) -> str:
    near = difflib.get_close_matches(name[:50], [*FIELDS, *OTHER_SPELLINGS], 1)
    hint = f"Did you mean {near[0]}?" if near else f"The fields are: {', '.join(FIELDS)}."
    return f"There is no field {name[:50]!r}. {hint}"


def text(name: str, value: object) -> str | None:
    """Text without control characters; None if it is missing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidImportValue(f"{name} must be text.")
    if not value.isprintable():
        # Surrogates among them, which stand for what is not UTF-8.
        raise InvalidImportValue(f"{name} contains control characters, or is not UTF-8.")
    return value.strip()


def identifier(name: str, value: object) -> UUID | None:
    """A UUID; None if it is missing."""
    try:
        entered = text(name, value)
        return UUID(entered) if entered else None
    except ValueError as error:
        raise InvalidImportValue(
            f"{name} must be a UUID; leave it out unless it comes from another Latchkey."
        ) from error


def flag(name: str, value: object) -> bool:
    """Parse a boolean; false if it is missing."""
    normalized = "" if value is None else str(value).strip().lower()
    if normalized not in TRUE | FALSE:
        raise InvalidImportValue(f"{name} must be true or false.")
    return normalized in TRUE


def instant(name: str, value: object) -> datetime | None:
    """A time in ISO 8601, in UTC where it has no offset; None if it is missing."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidImportValue(f"{name} must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z.") from error


def since(name: str, value: object, *, otherwise: datetime) -> datetime | None:
    """The start of a state that is given by yes or no, or by its start; None for no.

    Args:
        otherwise: the start of the state if the value only says yes.
    """
    try:
        return otherwise if flag(name, value) else None
    except InvalidImportValue:
        pass
    try:
        return instant(name, value)
    except InvalidImportValue as error:
        raise InvalidImportValue(f"{name} must be true, false or a date such as 2026-01-31.") from error


def names(name: str, value: object) -> list[str]:
    """A list, or text with commas between."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [item.strip() for item in value if item.strip()]
    return [item.strip() for item in (text(name, value) or "").split(",") if item.strip()]


def totp_seed(value: object) -> str | None:
    """A seed for codes of six digits every 30 seconds (RFC 6238 with SHA-1), in base 32; None if it is missing."""
    seed = "".join((text("totp_seed", value) or "").upper().split()).replace("-", "").rstrip("=")
    if not seed:
        return None
    try:
        decoded = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except (binascii.Error, ValueError) as error:
        raise InvalidImportValue("totp_seed must be in base 32.") from error
    if not SHORTEST_SEED <= len(decoded) <= 64:
        raise InvalidImportValue(f"totp_seed must have {SHORTEST_SEED} to 64 bytes.")
    return seed
