"""Key material per algorithm: generate, load and write PEM, thumbprint, public JWK."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Public = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


class InvalidKey(Exception):
    """The key does not fit the algorithm. The message says what it must be, to follow the name of the setting."""


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between the asymmetric algorithms."""

    make: Callable[[], Private]
    private: type[Any]
    public: type[Any]
    fits: Callable[[Any], bool]
    demand: str
    jwk: Callable[[Any], dict[str, Any]]
    members: tuple[str, ...]
    """Members of the thumbprint (RFC 7638 §3.2, RFC 8037 §2), in alphabetical order."""


FAMILIES = {
    "ES256": Family(
        make=lambda: ec.generate_private_key(ec.SECP256R1()),
        private=ec.EllipticCurvePrivateKey,
        public=ec.EllipticCurvePublicKey,
        fits=lambda key: key.curve.name == "secp256r1",
        demand="an elliptic curve key on P-256",
        jwk=lambda key: ECAlgorithm.to_jwk(key, as_dict=True),
        members=("crv", "kty", "x", "y"),
    ),
    "EdDSA": Family(
        make=ed25519.Ed25519PrivateKey.generate,
        private=ed25519.Ed25519PrivateKey,
        public=ed25519.Ed25519PublicKey,
        fits=lambda _: True,
        demand="an Ed25519 key",
        jwk=lambda key: OKPAlgorithm.to_jwk(key, as_dict=True),
        members=("crv", "kty", "x"),
    ),
    "RS256": Family(
        make=lambda: rsa.generate_private_key(65537, 3072),
        private=rsa.RSAPrivateKey,
        public=rsa.RSAPublicKey,
        # RFC 7518 §3.3. An exponent of 1 or 3 is a mistake or an attack.
        fits=lambda key: key.key_size >= 2048 and key.public_numbers().e >= 65537,
        demand="an RSA key of 2048 bits or more",
        jwk=lambda key: RSAAlgorithm.to_jwk(key, as_dict=True),
        members=("e", "kty", "n"),
    ),
}


def load(pem: str, *, algorithm: str) -> Private | Public:
    """Read one PEM block.

    Raises:
        InvalidKey: it is unreadable, encrypted, of another kind or too weak.
    """
    family = FAMILIES[algorithm]
    try:
        key = load_pem_public_key(pem.encode()) if "PUBLIC KEY" in pem else load_pem_private_key(pem.encode(), None)
    # cryptography raises TypeError for an encrypted key.
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidKey(f"must be {family.demand} in PEM, not encrypted, and cannot be read") from error
    if isinstance(key, family.public) and family.fits(key):
        return cast(Public, key)
    if isinstance(key, family.private) and family.fits(key.public_key()):
        return cast(Private, key)
    raise InvalidKey(f"must be {family.demand} for {algorithm}, and is a different kind")


def public_jwk(key: Public, *, algorithm: str) -> dict[str, Any]:
    family = FAMILIES[algorithm]
    return {name: value for name, value in family.jwk(key).items() if name in family.members}


def thumbprint(key: Public, *, algorithm: str) -> str:
    """The thumbprint of a key (RFC 7638), used as its ``kid``."""
    members = json.dumps(public_jwk(key, algorithm=algorithm), separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).rstrip(b"=").decode()


def private_pem(key: Private) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: Public) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
