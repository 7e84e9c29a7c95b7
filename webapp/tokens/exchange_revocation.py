"""Revocation of exchanged tokens, which have no row of their own (RFC 7009).

An exchanged token is valid for at most 15 minutes. The ids of revoked ones are deleted when they have expired, so the
table stays small.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.tokens.models import RevokedExchangedToken


def revoke(db: Session, claims: Mapping[str, Any], parent_id: UUID, *, origin: str) -> bool:
    """Revoke an exchanged token for introspection; services that verify offline accept it until it expires.

    Args:
        claims: verified claims of the token.
        parent_id: the token that it was exchanged for.

    Returns:
        Whether it had not been revoked before.
    """
    db.execute(delete(RevokedExchangedToken).where(RevokedExchangedToken.expires_at <= now()))
    token_id = UUID(claims["jti"])
    try:
        with db.begin_nested():
            db.add(RevokedExchangedToken(id=token_id, expires_at=datetime.fromtimestamp(claims["exp"], UTC)))
    except IntegrityError:
        return False
    record(
        db,
        Event.EXCHANGED_TOKEN_REVOKED,
        user_id=UUID(claims["sub"]),
        credential_id=parent_id,
        revoked=token_id.hex,
        audience=claims["aud"],
        origin=origin,
    )
    return True


def is_revoked(db: Session, claims: Mapping[str, Any]) -> bool:
    """Whether an exchanged token was revoked."""
    return db.get(RevokedExchangedToken, UUID(claims["jti"])) is not None
