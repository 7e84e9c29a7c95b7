"""Random secrets, their digests, comparison in constant time, and keys for one purpose each."""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def new_secret(size: int = 32) -> str:
    """Of so many random bytes, in letters that need no escaping anywhere."""
    return secrets.token_urlsafe(size)


def digest(secret: str) -> bytes:
    """What we keep of a secret that we made. A plain SHA-256 is enough: nobody guesses 32 random bytes."""
    return hashlib.sha256(secret.encode()).digest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """In a time that does not tell where they differ."""
    return hmac.compare_digest(as_bytes(one), as_bytes(other))


def as_bytes(value: str | bytes) -> bytes:
    # What strangers send may hold half a surrogate pair, which must compare as different and not raise.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def derive(secret_key: str, purpose: str) -> bytes:
    """A key of 32 bytes for this purpose alone (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret_key.encode())


def keyed(key: bytes, message: str) -> str:
    """What only a holder of the key can make of a message: HMAC-SHA256, in letters as ``new_secret`` has them."""
    made = hmac.new(key, message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
