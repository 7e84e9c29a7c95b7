"""Tokens of any shape under a good signature of our key, so that only what is signed can be at fault."""

import base64
import json
from datetime import UTC, datetime

import jwt as pyjwt

from webapp.core import jwt
from webapp.core.key_material import private_pem
from webapp.core.keys import ConfiguredRing
from webapp.core.signing_keys import generate
from webapp.verify import PublishedKeys, Verifier

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = int(NOON.timestamp())
ISSUER = "https://login.example.org"
AUDIENCE = "https://login.example.org/api"
TYP = "at+jwt"
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "9f6c",
    "jti": "77aa",
    "client_id": "latchkey",
    "iat": NOW,
    "exp": NOW + 3600,
    "scope": "profile:read",
}
RING = ConfiguredRing(private_pem(generate("ES256", NOON).private), algorithm="ES256")
KEY = RING.current()


def inside(token, ring=RING, **changes):
    return jwt.verify(token, **({"typ": TYP, "issuer": ISSUER, "audience": AUDIENCE} | changes), ring=ring)


PUBLISHED = PublishedKeys(f"{ISSUER}/jwks.json", fetch=lambda _: json.dumps(RING.jwks()).encode())
OFFLINE = Verifier(ISSUER, audience=AUDIENCE, keys=PUBLISHED.find)


def elsewhere(token):
    return dict(OFFLINE.verify(token).claims)


def encode(raw):
    raw = raw if isinstance(raw, bytes) else (raw if isinstance(raw, str) else json.dumps(raw)).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(header=None, claims=None):
    head = {"typ": TYP, "alg": "ES256", "kid": KEY.kid} if header is None else header
    signed = f"{encode(head)}.{encode(CLAIMS if claims is None else claims)}"
    algorithm = pyjwt.get_algorithm_by_name("ES256")
    return f"{signed}.{encode(algorithm.sign(signed.encode(), KEY.private))}"


def header_with(**members):
    return {"typ": TYP, "alg": "ES256", "kid": KEY.kid} | members


def claims_with(**members):
    return CLAIMS | members


def claims_without(name):
    return {key: value for key, value in CLAIMS.items() if key != name}
