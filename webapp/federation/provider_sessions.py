"""Sessions of this site and the sessions at providers that they came from."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.sealed_column import SealedColumn
from webapp.credentials import sids
from webapp.federation.logout_tokens import LogoutToken
from webapp.federation.models import LoginProvider, ProviderSession
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.providers import SECRETS, ProviderEncryptor
from webapp.sessions import lifecycle

LONGEST_SID = 255
LONGEST_HINT = 4000
"""Characters of an ID token in the URL of a logout; a longer one is left out, as servers refuse long URLs."""
RETENTION = timedelta(days=1)
ID_TOKENS = SealedColumn(
    "ID tokens of providers", SECRETS.purpose, ProviderSession.id, ProviderSession.id_token, ProviderSession.id
)


def store(
    db: Session, provider: LoginProvider, identity: ProviderIdentity, user_id: UUID, encryptor: ProviderEncryptor
) -> ProviderSession:
    """Store the session at the provider, for the session here that may follow."""
    provider_session = ProviderSession(
        id=uuid4(),
        provider_id=provider.id,
        user_id=user_id,
        issuer=identity.issuer,
        subject=identity.subject,
        created_at=now(),
    )
    update_tokens(provider_session, provider, identity, encryptor)
    db.add(provider_session)
    return provider_session


def update_tokens(
    row: ProviderSession, provider: LoginProvider, identity: ProviderIdentity, encryptor: ProviderEncryptor
) -> None:
    """Store session ID and ID token of the present session at the provider; a further login may have begun it."""
    row.provider_sid = identity.sid if len(identity.sid) <= LONGEST_SID else ""
    hint = logout_hint(provider, identity)
    row.id_token = encryptor.seal(hint, belongs_to=str(row.id)) if hint else None


def logout_hint(provider: LoginProvider, identity: ProviderIdentity) -> bytes:
    """The ID token to keep for the logout at the provider; empty where none is sent there."""
    is_sent = provider.logs_out and len(identity.id_token) <= LONGEST_HINT
    return identity.id_token.encode() if is_sent else b""


def attach(db: Session, provider_session_id: UUID, user_id: UUID, sid: UUID, *, since: datetime) -> bool:
    """Store the ``sid`` of the session here that followed a login with a provider.

    Args:
        sid: of the session here.
        since: when the login began at the earliest.

    Returns:
        Whether the session at the provider has not ended meanwhile.
    """
    # Locked, because a logout token may come at the same time.
    row = db.get(ProviderSession, provider_session_id, with_for_update=True)
    if row is None or row.sid is not None or row.user_id != user_id or row.created_at < since:
        return False
    row.sid = sid
    return True


def end(db: Session, provider: LoginProvider, token: LogoutToken) -> int:
    """End the sessions here that came from those which have ended at the provider. Returns how many; 0 is no error."""
    conditions = [ProviderSession.provider_id == provider.id]
    if token.subject:
        conditions.append(ProviderSession.subject == token.subject)
    if token.sid:
        # Without a sid in its ID token it may be any session of the user.
        is_unknown = ProviderSession.provider_sid == ""
        is_named = ProviderSession.provider_sid == token.sid
        conditions.append(or_(is_named, is_unknown) if token.subject else is_named)
    rows = db.scalars(select(ProviderSession).where(*conditions).with_for_update()).all()
    ended = sum(end_local_session(db, row, provider) for row in rows)
    # Also those of logins that are not complete, which are refused then.
    db.execute(delete(ProviderSession).where(ProviderSession.id.in_([row.id for row in rows])))
    return ended


def end_local_session(db: Session, row: ProviderSession, provider: LoginProvider) -> bool:
    if row.sid is None:
        return False
    # Once more, because a new proof of identity may have replaced it while this waited for the lock.
    found = sids.locked_session(db, row.sid) or sids.locked_session(db, row.sid)
    return found is not None and lifecycle.end(db, row.user_id, found.id, way="provider", reason=provider.name)


def of_session(db: Session, sid: UUID) -> ProviderSession | None:
    """The session at a provider that a session here came from; None if it came from none."""
    return db.scalar(select(ProviderSession).where(ProviderSession.sid == sid))


def purge(db: Session, *, limit: int = 500) -> int:
    """Delete those whose session here is over. Returns how many; 0 when none are left."""
    is_over = ProviderSession.created_at <= now() - RETENTION, ~sids.is_live(ProviderSession.sid)
    ended_ids = select(ProviderSession.id).where(*is_over).limit(limit)
    deletion = delete(ProviderSession).where(ProviderSession.id.in_(ended_ids)).returning(ProviderSession.id)
    return len(db.scalars(deletion).all())
