"""Authorization codes: issue() one, redeem() it once (RFC 6749 §4.1.2, RFC 7636 §4.6)."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from webapp.audit.log import Event
from webapp.core.clock import now
from webapp.core.digests import constant_time_equal, digest, new_secret
from webapp.core.driver_statements import EntityInsert, RowChange, RowQuery
from webapp.core.pkce import challenge_of
from webapp.credentials import sids
from webapp.guard.principal import Principal
from webapp.oauth.models import AuthorizationCode, OAuthClient
from webapp.oauth.request_rules import AuthorizationRequest
from webapp.tokens import refresh_families

LIFETIME = timedelta(minutes=1)
RETENTION = timedelta(hours=1)
"""How long an expired code is kept, so that a second use is noticed."""
NEW = EntityInsert(AuthorizationCode)
BY_DIGEST = RowQuery(select(AuthorizationCode).where(AuthorizationCode.digest == bindparam("code")))
USE = RowChange(
    update(AuthorizationCode)
    .where(AuthorizationCode.digest == bindparam("code"), AuthorizationCode.used_at.is_(None))
    .values(used_at=bindparam("moment"))
)
NOTE_GRANT = RowChange(
    update(AuthorizationCode)
    .where(AuthorizationCode.digest == bindparam("code"))
    .values(grant_id=bindparam("family_id"))
)
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def issue(db: Session, auth_request: AuthorizationRequest, principal: Principal, scopes: list[str]) -> str:
    """Issue an authorization code for what a user has allowed; only its digest is stored."""
    moment, code = now(), new_secret()
    NEW.into(
        db,
        digest=digest(code),
        client_id=auth_request.client.id,
        user_id=principal.user_id,
        session_id=sids.sid_of(db, principal.credential_id) or principal.credential_id,
        redirect_uri=auth_request.redirect_uri,
        scopes=scopes,
        resources=list(auth_request.resources),
        nonce=auth_request.nonce,
        code_challenge=auth_request.code_challenge,
        dpop_jkt=auth_request.dpop_jkt,
        auth_time=principal.auth_time,
        amr=principal.amr,
        expires_at=moment + LIFETIME,
    )
    return code


@dataclass(frozen=True, slots=True, repr=False)
class Redemption:
    """What a client presents with a code."""

    code: str
    redirect_uri: str | None
    code_verifier: str
    jkt: str | None = None
    """Thumbprint of the key in the DPoP proof (RFC 9449 §5)."""
    resources: tuple[str, ...] = ()
    """The service that the access token is for (RFC 8707 §2.2); empty if only one was granted."""


def unused(db: Session, client: OAuthClient, code: str) -> AuthorizationCode | None:
    """The row of a client's code that is not used up yet; it may be meanwhile."""
    found = BY_DIGEST.scalar(db, code=digest(code))
    return found if found and found.client_id == client.id and found.used_at is None else None


def redeem(db: Session, client: OAuthClient, redemption: Redemption) -> AuthorizationCode | None:
    """Use up an authorization code: its row, read-only, if this is its first use and everything matches; else None.

    One conditional statement, so of several requests at once one wins. A second use ends what the first one got. A
    wrong verifier or key uses the code up as well.
    """
    key = digest(redemption.code)
    found = BY_DIGEST.scalar(db, code=key)
    if found is None or found.client_id != client.id:
        # Presented by another client: the one it was issued to must not lose its code by this.
        return None
    if USE.run(db, code=key, moment=now()) == 0:
        end_grant_of_code(db, key)
        return None
    is_match = found.expires_at > now() and found.redirect_uri == redemption.redirect_uri
    is_match = is_match and found.dpop_jkt in (None, redemption.jkt)
    return found if is_match and is_verified(redemption.code_verifier, found.code_challenge) else None


def note_grant(db: Session, code: AuthorizationCode, family_id: UUID) -> None:
    """Store the refresh token family that was issued for a code."""
    NOTE_GRANT.run(db, code=code.digest, family_id=family_id)


def end_grant_of_code(db: Session, key: bytes) -> None:
    # Read again: the request that was faster may have been committed only now.
    code = BY_DIGEST.scalar(db, code=key)
    if code is not None and code.grant_id is not None:
        refresh_families.end(db, code.grant_id, event=Event.CODE_REUSED, origin="site")


def is_verified(verifier: str, challenge: str) -> bool:
    """Whether a verifier has this S256 challenge (RFC 7636 §4.6)."""
    if not VERIFIER.fullmatch(verifier):
        return False
    return constant_time_equal(challenge_of(verifier), challenge)


def purge(db: Session, *, limit: int = 500) -> int:
    """Delete codes that expired an hour ago. Returns how many; 0 when none are left."""
    old = select(AuthorizationCode.digest).where(AuthorizationCode.expires_at < now() - RETENTION).limit(limit)
    deletion = delete(AuthorizationCode).where(AuthorizationCode.digest.in_(old)).returning(AuthorizationCode.digest)
    return len(db.scalars(deletion).all())
