"""logout_token(): tells an app that a login has ended (OpenID Connect Back-Channel Logout 1.0 §2.4)."""

from datetime import timedelta
from uuid import UUID, uuid4

from webapp.core import jwt
from webapp.core.clock import now
from webapp.core.keys import SigningKey

TYP = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = timedelta(minutes=2)
"""As §2.4 recommends: it is made for one attempt to send it."""


def logout_token(client_id: UUID, subject: str, sid: UUID, *, issuer: str, key: SigningKey) -> str:
    """A signed logout token. It never has a ``nonce``, so that it is no ID token (§2.4)."""
    moment = now()
    claims = {
        "iss": issuer,
        "aud": str(client_id),
        "iat": int(moment.timestamp()),
        "exp": int((moment + LIFETIME).timestamp()),
        "jti": uuid4().hex,
        "sub": subject,
        "sid": sid.hex,
        "events": {EVENT: {}},
    }
    return jwt.sign(claims, typ=TYP, key=key)
