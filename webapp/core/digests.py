"""Random secrets, digests, constant-time comparison, and key derivation."""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def new_secret(size: int = 32) -> str:
    """A random secret of ``size`` bytes, as base64url."""
    return secrets.token_urlsafe(size)


def digest(secret: str) -> bytes:
    """The stored digest of a generated secret. Plain SHA-256 is enough, because 32 random bytes cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def constant_time_equal(one: str | bytes, other: str | bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(as_bytes(one), as_bytes(other))


def as_bytes(value: str | bytes) -> bytes:
    # Input may contain a lone surrogate, which must compare as different instead of raising.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def derive(secret_key: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret_key.encode())


def keyed(key: bytes, message: str) -> str:
    """HMAC-SHA256 of a message, as base64url."""
    mac = hmac.new(key, message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
