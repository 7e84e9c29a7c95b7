"""id_token(): tells an app who logged in, when and how (OpenID Connect Core §2)."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from webapp.core import jwt
from webapp.core.clock import now
from webapp.core.keys import SigningKey
from webapp.guard.assurance import level_of

TYP = "JWT"
LIFETIME = timedelta(minutes=10)
"""It only starts a session of the app, so it need not last."""
HASHES = {"ES256": hashlib.sha256, "RS256": hashlib.sha256, "EdDSA": hashlib.sha512}
"""The hash of ``at_hash``, by the algorithm of the ID token (§3.1.3.6); for Ed25519 by its own hash."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """The authentication that an ID token is about."""

    client_id: UUID
    session_id: UUID | None
    auth_time: datetime
    amr: str
    nonce: str | None = None


def id_token(
    authentication: Authentication,
    claims: dict[str, Any],
    *,
    issuer: str,
    key: SigningKey,
    access_token: str | None = None,
) -> str:
    """A signed ID token.

    Args:
        claims: of the user, with ``sub``.
        issuer: URL of the site.
        access_token: issued together with it, for ``at_hash``.
    """
    moment = now()
    all_claims = claims | {
        "iss": issuer,
        "jti": uuid4().hex,
        "aud": str(authentication.client_id),
        "iat": int(moment.timestamp()),
        "exp": int((moment + LIFETIME).timestamp()),
        "auth_time": int(authentication.auth_time.timestamp()),
        "acr": level_of(authentication.amr).acr,
        "amr": authentication.amr.split(),
        "sid": authentication.session_id.hex if authentication.session_id else None,
        "nonce": authentication.nonce,
        "at_hash": at_hash(access_token, key) if access_token else None,
    }
    return jwt.sign({name: value for name, value in all_claims.items() if value is not None}, typ=TYP, key=key)


def at_hash(access_token: str, key: SigningKey) -> str:
    """The left half of the hash of an access token, as base64url (§3.1.3.6)."""
    full_digest = HASHES[key.algorithm](access_token.encode()).digest()
    return base64.urlsafe_b64encode(full_digest[: len(full_digest) // 2]).rstrip(b"=").decode()
