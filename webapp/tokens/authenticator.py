"""TokenAuthenticator: verifies API tokens (RFC 9068 §4), with a cache of verified signatures."""

import hashlib
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from webapp.core import jwt
from webapp.core.clock import seconds
from webapp.core.keys import KeyRing
from webapp.guard.principal import CredentialRef, IssuedUnderFormerUrl, NotAccepted

TYP = "at+jwt"
MAX_REMEMBERED = 4096
LONGEST = 8192


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    claim: CredentialRef
    expires_at: float
    """Unix time; compared on every request, also for cached tokens."""


class TokenAuthenticator:
    """Verifies signature and claims of tokens. Caches signatures only: whether a token is live is read each time.

    Args:
        issuer: URL of the site.
        former: its former URLs, whose tokens are accepted too.
    """

    def __init__(self, ring: KeyRing, *, issuer: str, former: Collection[str] = ()) -> None:
        self.ring, self.issuer, self.former = ring, issuer, former
        self._verified: OrderedDict[bytes, VerifiedToken] = OrderedDict()
        self._version = ""

    def authenticate(self, token: str) -> CredentialRef:
        """Verify a token and return the credential that it names; its row is not read.

        Raises:
            NotAccepted: ``token_expired`` or ``token_invalid``; ``IssuedUnderFormerUrl``.
        """
        if len(token) > LONGEST:
            raise NotAccepted("token_invalid", "longer than a token of this site")
        if (version := self.ring.view().version) != self._version:
            # Keys were added or removed: signatures must be verified again.
            self._verified, self._version = OrderedDict(), version
        # By digest, so that no tokens are kept in memory.
        digest = hashlib.sha256(token.encode()).digest()
        cached = self._verified.get(digest) or self.verify(token, digest)
        if cached.expires_at <= seconds():
            raise NotAccepted("token_expired", "the token has expired", key=cached.claim.key)
        return cached.claim

    def verify(self, token: str, digest: bytes) -> VerifiedToken:
        # Read before verifying: if keys change meanwhile, the result goes into the cache that was dropped.
        verified = self._verified
        try:
            issuer = jwt.issuer_of(token, own=self.issuer, former=self.former)
            claims = jwt.verify(token, typ=TYP, issuer=issuer, audience=issuer, ring=self.ring)
            key, owner = UUID(claims["jti"]).hex, UUID(claims["sub"])
        except jwt.Expired as error:
            raise NotAccepted("token_expired", str(error), key=key_in(error.claims)) from error
        except jwt.OtherIssuer as error:
            raise IssuedUnderFormerUrl(str(error)) from error
        except (jwt.TokenError, ValueError) as error:
            raise NotAccepted("token_invalid", str(error)) from error
        result = VerifiedToken(CredentialRef(key=key, kind="token", user_id=owner), float(claims["exp"]))
        verified[digest] = result
        if len(verified) > MAX_REMEMBERED:
            verified.popitem(last=False)
        return result


def key_in(claims: dict[str, Any]) -> str | None:
    try:
        return UUID(claims["jti"]).hex
    except ValueError:
        return None
