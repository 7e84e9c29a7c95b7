"""Client secrets: make, find; a client may have two, to change from one to the other."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, select
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.digests import digest, new_secret
from webapp.core.driver_statements import RowQuery
from webapp.core.translation import _
from webapp.oauth.client_settings import InvalidClientSettings
from webapp.oauth.models import ClientSecret, OAuthClient

MOST_SECRETS = 2


def new_secret_of(db: Session, client: OAuthClient, *, origin: str, actor_id: UUID | None = None) -> str:
    """Create a client secret as ``add_secret`` does, and record it in the audit log."""
    secret = add_secret(db, client)
    name = client.name
    record(db, Event.CLIENT_SECRET_MADE, actor_id=actor_id, client=str(client.id), name=name, origin=origin)
    return secret


def add_secret(db: Session, client: OAuthClient) -> str:
    """Create a client secret; the older of two is removed.

    Raises:
        InvalidClientSettings: it is public, or proves itself with a key.
    """
    if client.has_keys:
        raise InvalidClientSettings(_("This app proves itself with a private key, so it has no secret."))
    if client.is_public:
        raise InvalidClientSettings(_("A public app has no secret."))
    digests = select(ClientSecret.digest).where(ClientSecret.client_id == client.id)
    newest = db.scalars(digests.order_by(ClientSecret.created_at.desc()).limit(MOST_SECRETS - 1)).all()
    db.execute(delete(ClientSecret).where(ClientSecret.client_id == client.id, ClientSecret.digest.not_in(newest)))
    secret = new_secret()
    db.add(ClientSecret(digest=digest(secret), client_id=client.id, created_at=now()))
    db.flush()
    return secret


def remove_all(db: Session, client: OAuthClient) -> None:
    db.execute(delete(ClientSecret).where(ClientSecret.client_id == client.id))


def creation_times(db: Session, client: OAuthClient) -> Sequence[datetime]:
    """When each secret of a client was made, the newest first."""
    query = select(ClientSecret.created_at).where(ClientSecret.client_id == client.id)
    return db.scalars(query.order_by(ClientSecret.created_at.desc())).all()


HAS_SECRET = and_(ClientSecret.client_id == OAuthClient.id, ClientSecret.digest == bindparam("digest"))
WITH_SECRET = RowQuery(
    select(OAuthClient, ClientSecret.digest)
    .outerjoin(ClientSecret, HAS_SECRET)
    .where(OAuthClient.id == bindparam("client_id"), OAuthClient.disabled_at.is_(None))
)


def with_secret(database: Database, client_id: UUID, secret: str) -> tuple[OAuthClient | None, bool]:
    """The client, unless it is disabled, and whether it has this secret."""
    found = WITH_SECRET.look_up(database, client_id=client_id, digest=digest(secret))
    return (found[0], found[1] is not None) if found else (None, False)
