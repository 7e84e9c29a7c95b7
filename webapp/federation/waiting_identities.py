"""Identities that wait for their user's decision: kept for the browser that came with them, for a short time."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.digests import digest, new_secret
from webapp.core.encryption import DecryptionFailed
from webapp.core.sealed_column import SealedColumn
from webapp.federation.models import LoginProvider, WaitingIdentity
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.provider_sessions import logout_hint
from webapp.federation.providers import SECRETS, ProviderEncryptor
from webapp.federation.role_rules import claims_of_rules

LIFETIME = timedelta(minutes=10)
ID_TOKENS = SealedColumn(
    "ID tokens of first logins",
    SECRETS.purpose,
    WaitingIdentity.digest,
    WaitingIdentity.id_token,
    WaitingIdentity.provider_id,
)


def store(
    db: Session,
    provider: LoginProvider,
    identity: ProviderIdentity,
    target: str,
    encryptor: ProviderEncryptor,
    *,
    user: str = "",
) -> str:
    """Store an identity in place of an earlier one. Returns the secret for the cookie of its browser.

    Of its claims only what the rules need is kept: a provider may send many. Its ID token is kept for a session that
    starts with it.

    Args:
        user: ID of the only user who may link it, in hexadecimal; empty for any user of this browser.
    """
    secret = new_secret()
    delete_earlier(db, provider, identity)
    hint = logout_hint(provider, identity) if not user else b""
    db.add(
        WaitingIdentity(
            digest=digest(secret + user),
            provider_id=provider.id,
            identity=asdict(identity) | {"claims": claims_of_rules(provider, identity), "id_token": ""},
            id_token=encryptor.seal(hint, belongs_to=str(provider.id)) if hint else None,
            next=target,
            expires_at=now() + LIFETIME,
        )
    )
    return secret


def delete_earlier(db: Session, provider: LoginProvider, identity: ProviderIdentity) -> None:
    is_same = WaitingIdentity.identity["subject"].as_string() == identity.subject
    db.execute(delete(WaitingIdentity).where(WaitingIdentity.provider_id == provider.id, is_same))


def find(db: Session, secret: str, *, user: str = "") -> WaitingIdentity | None:
    """The identity of a browser.

    Args:
        user: ID of the user who is logged in, in hexadecimal, to find what only this user may link as well.
    """
    digests = {digest(secret), digest(secret + user)} if secret else set()
    matches = WaitingIdentity.digest.in_(digests), WaitingIdentity.expires_at > now()
    return db.scalar(select(WaitingIdentity).where(*matches))


def identity_in(row: WaitingIdentity, encryptor: ProviderEncryptor) -> ProviderIdentity:
    stored: Mapping[str, Any] = row.identity
    identity = ProviderIdentity(**{**stored, "amr": tuple(stored["amr"])})
    try:
        hint = encryptor.open(row.id_token, belongs_to=str(row.provider_id)) if row.id_token else b""
    except DecryptionFailed:
        # The secret key has changed; the logout at the provider asks then.
        hint = b""
    return replace(identity, id_token=hint.decode())


def spend(db: Session, row: WaitingIdentity) -> bool:
    """Use an identity up; False if another request was faster."""
    deletion = delete(WaitingIdentity).where(WaitingIdentity.digest == row.digest).returning(WaitingIdentity.digest)
    return db.execute(deletion).first() is not None


def purge(db: Session, *, limit: int = 500) -> int:
    """Delete those that have expired. Returns how many; 0 when none are left."""
    old = select(WaitingIdentity.digest).where(WaitingIdentity.expires_at <= now()).limit(limit)
    deletion = delete(WaitingIdentity).where(WaitingIdentity.digest.in_(old)).returning(WaitingIdentity.digest)
    return len(db.scalars(deletion).all())
