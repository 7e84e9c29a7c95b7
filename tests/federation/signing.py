"""ID tokens and logout tokens, also those that no library would sign."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Signing = Callable[[bytes], bytes]


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(header: dict[str, Any], claims: dict[str, Any] | str, sign: Signing) -> str:
    """A JWT.

    Args:
        claims: or their JSON, for what no dictionary can hold.
    """
    text = claims if isinstance(claims, str) else json.dumps(claims)
    content = f"{base64url(json.dumps(header).encode())}.{base64url(text.encode())}"
    return f"{content}.{base64url(sign(content.encode()))}"


def with_key(algorithm: str, key: Any) -> Signing:
    known = jwt.get_algorithm_by_name(algorithm)
    return lambda content: known.sign(content, key)


def with_secret(secret: bytes) -> Signing:
    return lambda content: hmac.new(secret, content, hashlib.sha256).digest()


def unsigned(_content: bytes) -> bytes:
    return b""


def zeros(_content: bytes) -> bytes:
    return bytes(64)


def pem(key: Any) -> bytes:
    """A public key as text, which is no secret."""
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
