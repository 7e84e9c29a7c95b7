"""A script that holds a key, and shows it as RFC 9449 asks: the proof, whole or with any one thing wrong."""

import hashlib
import time
import uuid

import jwt as pyjwt

from tests import factories
from tests.core.forged_tokens import NOON, encode
from tests.script import Script
from webapp.core.key_material import public_jwk, thumbprint
from webapp.core.signing_keys import generate
from webapp.guard.token_grant import TokenGrant

SITE = "http://localhost:8000"
KEY, OTHER = generate("ES256", NOON), generate("ES256", NOON)
JKT = thumbprint(KEY.public, algorithm="ES256")


def jwk_of(key):
    return public_jwk(key.public, algorithm=key.algorithm)


def claims_for(method="GET", path="/protected", token=None, **changes):
    claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": SITE + path, "iat": int(time.time())}
    claims |= {"ath": encode(hashlib.sha256(token.encode()).digest())} if token else {}
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def header_of(key=KEY, **changes):
    header = {"typ": "dpop+jwt", "alg": key.algorithm, "jwk": jwk_of(key)} | changes
    return {name: value for name, value in header.items() if value is not ...}


def proof(claims=None, header=None, *, key=KEY):
    """Signed with the key, whatever it says; ``...`` leaves a member out."""
    signed = (
        f"{encode(header_of(key) if header is None else header)}.{encode(claims_for() if claims is None else claims)}"
    )
    algorithm = pyjwt.get_algorithm_by_name(key.algorithm)
    return f"{signed}.{encode(algorithm.sign(signed.encode(), key.private))}"


def bound_token(app, user, *scopes, jkt=JKT):
    grant = TokenGrant(scopes=frozenset(scopes or ("protected:read",)), jkt=jkt)
    return factories.api_token(app, user, grant=grant).token


def call(app, token, proven, *, scheme="DPoP", path="/protected", method="GET", **more):
    headers = {"Authorization": f"{scheme} {token}"} | ({} if proven is None else {"DPoP": proven})
    return Script(app).call(method, path, headers=headers, **more)
