"""Which lines of an import have names, e-mail addresses or passkeys of others: users of this site, or lines before."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from webapp.accounts.import_checks import ImportedUser
from webapp.accounts.models import User
from webapp.mfa import passkey_records

TAKEN_NAME = "The user name is taken."
LOOKALIKE = "The user name looks too much like the name of another user."
TAKEN_EMAIL = "Another user has the e-mail address."
TAKEN_ID = "Another user has the same id."
TAKEN_PASSKEY = "Another user has the same passkey."
TAKEN_KEY = "Another user has the same known_elsewhere_as."


def keys_of(user: ImportedUser) -> dict[tuple[str, str], str]:
    """What no other user may have: kind and value, and the sentence if one has it."""
    # A name and an e-mail address are of one kind: a login takes either.
    keys = {("login", user.username_key): TAKEN_NAME, ("looks", user.username_skeleton): LOOKALIKE}
    keys[("id", user.id.hex)] = TAKEN_ID
    keys |= {("passkey", passkey.credential_id.hex()): TAKEN_PASSKEY for passkey in user.passkeys}
    if user.email_key is not None:
        keys[("login", user.email_key)] = TAKEN_EMAIL
    if user.known_elsewhere_as is not None:
        keys[("elsewhere", user.known_elsewhere_as)] = TAKEN_KEY
    return keys


class TakenNames:
    """Names, e-mail addresses and keys of the lines read so far, as digests: 100,000 lines take about 40 MB."""

    def __init__(self) -> None:
        self._lines: dict[int, int] = {}

    def conflict(self, user: ImportedUser, existing: set[tuple[str, str]]) -> str | None:
        """Why a user cannot be added; otherwise the names count as taken from now on.

        Args:
            existing: what users of this site have.
        """
        keys = keys_of(user)
        for key, sentence in keys.items():
            if key in existing:
                return sentence
            if (line := self._lines.get(digest_of(key))) is not None:
                return f"{sentence} It is on line {line}."
        self._lines |= dict.fromkeys(map(digest_of, keys), user.line)
        return None


def digest_of(key: tuple[str, str]) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(key).encode(), digest_size=8).digest())


def taken_on_site(db: Session, users: Sequence[ImportedUser]) -> set[tuple[str, str]]:
    """The keys that users of this site have, out of those of some lines."""
    keys = {key for user in users for key in keys_of(user)}
    logins, looks, elsewhere = ([value for kind, value in keys if kind == k] for k in ("login", "looks", "elsewhere"))
    alike: list[ColumnElement[bool]] = [
        User.username_key.in_(logins),
        User.email_key.in_(logins),
        User.username_skeleton.in_(looks),
        User.known_elsewhere_as.in_(elsewhere),
        User.id.in_([user.id for user in users]),
    ]
    query = select(User.username_key, User.email_key, User.username_skeleton, User.known_elsewhere_as, User.id)
    credentials = [passkey.credential_id for user in users for passkey in user.passkeys]
    found = {("passkey", known.hex()) for known in passkey_records.known_among(db, credentials)}
    for name, email, look, key, user_id in db.execute(query.where(or_(*alike))):
        pairs = (("login", name), ("login", email), ("looks", look), ("elsewhere", key), ("id", user_id.hex))
        found |= {(kind, value) for kind, value in pairs if value is not None}
    return found
