"""Checks of an import file: each line is validated and converted to the columns of a user."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from webapp.accounts.confusables import skeleton_key
from webapp.accounts.foreign_hashes import SIGNED, InvalidHash, checked_hash, cost_of
from webapp.accounts.import_fields import (
    InvalidImportValue,
    canonical,
    flag,
    identifier,
    instant,
    names,
    since,
    text,
    totp_seed,
)
from webapp.accounts.names import InvalidEmail, InvalidUserName, checked_email, checked_name, normalized_key
from webapp.accounts.profile import LANGUAGES, checked_display_name, time_zones
from webapp.accounts.provisioning import LONGEST_KEY
from webapp.core.clock import now
from webapp.core.encryption import Encryptor
from webapp.mfa.passkey_records import InvalidPasskeyRecord, PasskeyRecord, parsed_passkeys
from webapp.web.i18n import AUTOMATIC

# Django's, for accounts that cannot log in with a password.
UNUSABLE = "!"
INVALID = (InvalidImportValue, InvalidHash, InvalidPasskeyRecord, InvalidEmail, InvalidUserName)


class LineRefused(Exception):
    """A line of an import file is refused. The message lists all reasons."""


class ImportedUser(msgspec.Struct, frozen=True, kw_only=True):
    """The row of a new user, and the encrypted seed of their authenticator app."""

    line: int
    id: UUID
    username: str
    username_key: str
    username_skeleton: str
    email: str | None
    email_key: str | None
    password_hash: str
    password_hash_cost: int | None
    known_elsewhere_as: str | None
    role: str
    created_at: datetime
    disabled_at: datetime | None
    closes_at: datetime | None
    display_name: str | None
    email_verified_at: datetime | None
    verification_required_at: datetime | None
    language: str
    time_zone: str
    totp: bytes | None
    passkeys: list[PasskeyRecord]
    unusable_passkeys: list[str]
    """Host names of those that belong to another site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRules:
    """Rules of one import, the same for all of its lines."""

    closures: Mapping[str, Sequence[str]]
    """All roles that each role of this site includes, itself among them."""
    renamed: Mapping[str, str]
    """Roles of the former site: what they are called here."""
    default_role: str
    encryptor: Encryptor
    """For seeds of authenticator apps."""
    accepts_signed: bool
    """Whether the key that Flask-Security signed passwords with is known."""
    rp_ids: Sequence[str] = ()
    """Host names of this site, former ones among them, as passkeys name them."""
    at: datetime = field(default_factory=now)

    def role_of(self, names: list[str]) -> str:
        """The one role of an imported user: of several, the one that includes all others.

        Raises:
            InvalidImportValue
        """
        renamed_names = [self.renamed.get(name, name) for name in names] or [self.default_role]
        if unknown := [name for name in renamed_names if name not in self.closures]:
            raise InvalidImportValue(
                f"There is no role {unknown[0]!r}. Create it with: role create, or give: --map-role OLD=NEW."
            )
        including_role = next((name for name in renamed_names if set(renamed_names) <= set(self.closures[name])), None)
        if including_role is None:
            listed = ", ".join(renamed_names)
            raise InvalidImportValue(
                f"A user has one role, and none of {listed} includes the others. Create one that does."
            )
        return including_role


Columns = dict[str, object]
Check = Callable[[object, Columns, ImportRules], Columns]
"""Reads one field; also sees the columns that the checks before it have made."""


def checked_line(line: int, raw_fields: Mapping[str, object], rules: ImportRules) -> ImportedUser:
    """Check all fields of one line of an import file, and convert them to the columns of a user.

    Raises:
        LineRefused
    """
    try:
        fields = canonical(raw_fields)
    except InvalidImportValue as error:
        raise LineRefused(str(error)) from error
    columns: Columns = {"line": line, "id": uuid4()}
    reasons = []
    for name, check in CHECKS.items():
        try:
            columns |= check(fields.get(name), columns, rules)
        except INVALID as error:
            reasons.append(str(error))
    if reasons:
        raise LineRefused(" ".join(reasons))
    return msgspec.convert(columns, ImportedUser)


def user_id(value: object, columns: Columns, _rules: ImportRules) -> Columns:
    return {"id": identifier("id", value) or columns["id"]}


def created(value: object, _columns: Columns, rules: ImportRules) -> Columns:
    at = instant("created_at", value) or rules.at
    if at > rules.at:
        raise InvalidImportValue("created_at is in the future.")
    return {"created_at": at}


def username(value: object, _columns: Columns, _rules: ImportRules) -> Columns:
    name = checked_name(text("username", value) or "", may_be_email=True)
    return {"username": name, "username_key": normalized_key(name), "username_skeleton": skeleton_key(name)}


def email(value: object, _columns: Columns, _rules: ImportRules) -> Columns:
    entered = text("email", value)
    email = checked_email(entered) if entered else None
    return {"email": email, "email_key": normalized_key(email) if email else None}


def email_verified(value: object, columns: Columns, rules: ImportRules) -> Columns:
    at = since("email_verified", value, otherwise=created_at(columns, rules))
    return {"email_verified_at": at if columns.get("email") else None}


def must_verify(value: object, columns: Columns, rules: ImportRules) -> Columns:
    is_required = flag("must_verify_email", value)
    if is_required and columns.get("email") is None:
        raise InvalidImportValue("must_verify_email needs an e-mail address.")
    return {"verification_required_at": created_at(columns, rules) if is_required else None}


def disabled(value: object, _columns: Columns, rules: ImportRules) -> Columns:
    return {"disabled_at": since("disabled", value, otherwise=rules.at)}


def closes(value: object, _columns: Columns, _rules: ImportRules) -> Columns:
    return {"closes_at": instant("closes_at", value)}


def role(value: object, _columns: Columns, rules: ImportRules) -> Columns:
    return {"role": rules.role_of(names("roles", value))}


def display_name(value: object, _columns: Columns, _rules: ImportRules) -> Columns:
    return {"display_name": checked_display_name(text("display_name", value))}


def language(value: object, _columns: Columns, _rules: ImportRules) -> Columns:
    chosen = text("language", value) or AUTOMATIC
    if chosen not in LANGUAGES:
        raise InvalidImportValue(f"language must be one of: {', '.join(LANGUAGES)}.")
    return {"language": chosen}


def time_zone(value: object, _columns: Columns, _rules: ImportRules) -> Columns:
    chosen = text("time_zone", value) or "UTC"
    if chosen not in time_zones():
        raise InvalidImportValue("time_zone must be UTC or a name such as Europe/Berlin.")
    return {"time_zone": chosen}


def known_elsewhere_as(value: object, _columns: Columns, _rules: ImportRules) -> Columns:
    key = text("known_elsewhere_as", value)
    if key and len(key) > LONGEST_KEY:
        raise InvalidImportValue(f"known_elsewhere_as is longer than {LONGEST_KEY} characters.")
    return {"known_elsewhere_as": key}


def password_hash(value: object, columns: Columns, rules: ImportRules) -> Columns:
    imported = text("password_hash", value) or ""
    if imported.startswith(UNUSABLE):
        imported = ""
    if imported and columns.get("known_elsewhere_as"):
        raise InvalidImportValue("A user with known_elsewhere_as has no password here.")
    stored = checked_hash(imported) if imported else ""
    if stored.startswith(SIGNED) and not rules.accepts_signed:
        raise InvalidImportValue("Hashes of Flask-Security need its salt: set WEBAPP_FLASK_SECURITY_PASSWORD_SALT.")
    return {"password_hash": stored, "password_hash_cost": cost_of(stored)}


def totp(value: object, columns: Columns, rules: ImportRules) -> Columns:
    seed = totp_seed(value)
    return {"totp": rules.encryptor.seal(seed.encode(), belongs_to=str(columns["id"])) if seed else None}


def passkeys(value: object, _columns: Columns, rules: ImportRules) -> Columns:
    found = parsed_passkeys(text("passkeys", value) if isinstance(value, str) else value or [])
    return {
        "passkeys": [passkey for passkey in found if passkey.rp_id in rules.rp_ids],
        "unusable_passkeys": [passkey.rp_id for passkey in found if passkey.rp_id not in rules.rp_ids],
    }


def created_at(columns: Columns, rules: ImportRules) -> datetime:
    at = columns.get("created_at")
    return at if isinstance(at, datetime) else rules.at


CHECKS: Mapping[str, Check] = {
    "id": user_id,
    "created_at": created,
    "username": username,
    "email": email,
    "email_verified": email_verified,
    "must_verify_email": must_verify,
    "disabled": disabled,
    "closes_at": closes,
    "roles": role,
    "display_name": display_name,
    "language": language,
    "time_zone": time_zone,
    "known_elsewhere_as": known_elsewhere_as,
    "password_hash": password_hash,
    "totp_seed": totp,
    "passkeys": passkeys,
}
