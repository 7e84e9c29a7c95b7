"""Password hashes of other programs: accepted by an import, and checked until the next login replaces them."""

import base64
import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from webapp.accounts.foreign_hash_schemes import ARGON2, REFUSED, SCHEMES, Scheme

ARGON2_PREFIX = "$argon2"
"""The site's own hashes begin so, and its hasher checks all that do, whatever their parameters are."""
SIGNED = "{flask-security}"
"""Before hashes of Flask-Security, which hashes an HMAC of the password (its ``SECURITY_PASSWORD_SALT`` is the key)."""
LONGEST = 200
# Time of each login with such a hash, during which it occupies one of few slots.
MOST_MILLISECONDS = 1500
MOST_MEBIBYTES = 128
# Up to here a refused login is answered at the same multiple of 50 ms as with a hash of the site's own.
OWN_MILLISECONDS = 40
# A hash that is checked more quickly can also be cracked quickly.
WEAK_MILLISECONDS = 5
# Prefixes that Django and OpenLDAP put before hashes that are complete without them.
WRAPPERS = {"argon2$argon2": "$argon2", "bcrypt$$2": "$2", "{CRYPT}$": "$", "{crypt}$": "$", "{ARGON2}$": "$"}
# Raised by the libraries for hashes and passwords that they cannot compare.
INCOMPARABLE = (ValueError, VerificationError, InvalidHashError)


class InvalidHash(Exception):
    """An imported hash is not accepted. The message is for the operator and never contains the hash."""


@dataclass(frozen=True, slots=True, repr=False)
class ForeignHash:
    """A hash with its scheme and parameters; two are equal if checking them costs the same."""

    scheme: Scheme
    hashed: str = field(compare=False)
    """The hash without ``SIGNED``."""
    is_signed: bool
    milliseconds: float
    mebibytes: float

    @property
    def is_weak(self) -> bool:
        return self.scheme.is_weak or self.milliseconds < WEAK_MILLISECONDS


def recognized(stored: str) -> ForeignHash | None:
    """A hash in one of the known formats; None for anything else."""
    if len(stored) > LONGEST:
        return None
    hashed = stored.removeprefix(SIGNED)
    for scheme in SCHEMES:
        if match := scheme.pattern.fullmatch(hashed):
            parameters = {name: value for name, value in match.groupdict().items() if value is not None}
            costs = scheme.milliseconds(parameters), scheme.mebibytes(parameters)
            return ForeignHash(scheme, hashed, hashed != stored, *costs)
    return None


def checked_hash(hashed: str) -> str:
    """A hash as it may be stored, without what another program wraps around it.

    Raises:
        InvalidHash: it is not known, malformed, or takes too much time or memory at each login.
    """
    hashed = unwrapped(hashed.strip())
    found = recognized(hashed)
    if found is None:
        raise InvalidHash(f"The password hash is not accepted: {description_of(hashed)}.")
    kind = found.scheme.name
    if found.milliseconds > MOST_MILLISECONDS:
        max_seconds = MOST_MILLISECONDS / 1000
        raise InvalidHash(
            f"The work factor of the {kind} hash is too high: a login would take more than {max_seconds:g} seconds."
        )
    if found.mebibytes > MOST_MEBIBYTES:
        raise InvalidHash(f"The {kind} hash is too large: a login would take more than {MOST_MEBIBYTES} MiB of memory.")
    if not is_comparable(found):
        raise InvalidHash(f"The password hash looks like {kind}, but is malformed.")
    return hashed


@lru_cache(256)
def is_comparable(found: ForeignHash) -> bool:
    """Whether the library accepts the parameters of a hash; tried once for all hashes with the same ones."""
    try:
        found.scheme.matches("", found.hashed)
    except VerifyMismatchError:
        return True
    except INCOMPARABLE:
        return False
    return True


def unwrapped(hashed: str) -> str:
    for wrapped, bare in WRAPPERS.items():
        if hashed.startswith(wrapped):
            return bare + hashed.removeprefix(wrapped)
    return hashed


def description_of(hashed: str) -> str:
    """Describe a refused hash for the error message. It may be a password, so nothing of it is repeated."""
    hashed = hashed.removeprefix(SIGNED)
    if (refused_kind := next((name for name, pattern in REFUSED if pattern.fullmatch(hashed)), None)) is not None:
        return f"it is {refused_kind}"
    prefixes = {scheme.prefix: scheme.name for scheme in SCHEMES if scheme.prefix != "$"}
    like = next((name for prefix, name in prefixes.items() if hashed.startswith(prefix)), None)
    return f"it begins like {like}, but is malformed" if like else f"it is {len(hashed)} characters in no known format"


def is_foreign(stored: str) -> bool:
    """Whether a hash was made by another program, so that the site's own hasher cannot check it."""
    return not stored.startswith(ARGON2_PREFIX)


def matches(password: str, stored: str, *, signing_key: str) -> bool:
    """Whether a password belongs to a hash. It is compared as typed, since other programs do not normalize passwords.

    Args:
        signing_key: ``SECURITY_PASSWORD_SALT`` of Flask-Security, for hashes that it made.
    """
    found = recognized(stored)
    if found is None or (found.is_signed and not signing_key):
        return False
    try:
        return found.scheme.matches(signed(password, signing_key) if found.is_signed else password, found.hashed)
    except INCOMPARABLE:
        return False


def signed(password: str, key: str) -> str:
    """What Flask-Security hashes instead of the password: its NFKD form, HMAC with SHA-512, in base 64."""
    normalized = unicodedata.normalize("NFKD", password)
    return base64.b64encode(hmac.digest(key.encode(), normalized.encode(), hashlib.sha512)).decode()


def cost_of(stored: str) -> int | None:
    """Approximate milliseconds to check a hash; None for hashes as this site makes them, and for no hash."""
    found = recognized(stored) if stored else None
    if found is None:
        return None
    is_own = found.scheme.pattern is ARGON2 and not found.is_signed and found.milliseconds <= OWN_MILLISECONDS
    return None if is_own else round(found.milliseconds)


def longest_check(milliseconds: int, *, slowest: float) -> timedelta:
    """The longest time for a check that takes about so many milliseconds; zero if the site's own takes as long.

    Args:
        slowest: seconds that the slowest check in this process has taken: the machine may be slow, or busy.
    """
    if milliseconds <= OWN_MILLISECONDS:
        return timedelta()
    estimated = timedelta(milliseconds=milliseconds)
    return min(max(2 * estimated, 1.5 * timedelta(seconds=slowest)), 4 * estimated)
