"""Clients: register, change, find, end what they got."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.driver_statements import RowQuery
from webapp.core.translation import _
from webapp.oauth import app_sessions, client_secrets, subjects
from webapp.oauth.client_secrets import add_secret
from webapp.oauth.client_settings import ClientSettings, InvalidClientSettings, apply, settings_of
from webapp.oauth.models import AuthorizationCode, Consent, OAuthClient
from webapp.oauth.withdrawn_permissions import end_withdrawn_permissions
from webapp.tokens import refresh_families

UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHORTEST_NAME, LONGEST_NAME = 2, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient(ClientSettings):
    """What is registered of a client; the fields that are not in ``ClientSettings`` cannot be changed later."""

    name: str
    is_public: bool = False
    service_account_id: UUID | None = None
    recipe: str | None = None
    is_self_registered: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class RegisteredClient:
    """A new client with its secret. ``secret`` is shown once and stored as a digest; None for a public client."""

    client: OAuthClient
    secret: str | None


def register(db: Session, new: NewClient, *, origin: str, actor_id: UUID | None = None) -> RegisteredClient:
    """Register a client, with its first secret unless it is public.

    Raises:
        InvalidClientSettings
    """
    name = new.name.strip()
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidClientSettings(_("The name of an app has 2 to 50 printable characters."))
    if db.scalar(select(OAuthClient.id).where(func.lower(OAuthClient.name) == name.lower())):
        raise InvalidClientSettings(_("There is an app with this name already."))
    if new.is_public and new.service_account_id is not None:
        raise InvalidClientSettings(_("A public app has no secret, so it cannot use client credentials."))
    client = OAuthClient(
        name=name,
        is_public=new.is_public,
        service_account_id=new.service_account_id,
        recipe=new.recipe,
        is_self_registered=new.is_self_registered,
        created_at=now(),
    )
    apply(client, new)
    subjects.prepare(db, client)
    db.add(client)
    db.flush()
    record(db, Event.CLIENT_MADE, actor_id=actor_id, client=str(client.id), name=name, origin=origin)
    return RegisteredClient(client, None if client.is_public or client.has_keys else add_secret(db, client))


def edit(db: Session, client: OAuthClient, desired: ClientSettings, *, actor_id: UUID | None = None) -> None:
    """Change what is registered of a client, except its name and kind.

    Raises:
        InvalidClientSettings
    """
    lock(db, client)
    former = settings_of(client)
    apply(client, desired)
    subjects.prepare(db, client)
    db.flush()
    end_withdrawn_permissions(db, client, former)
    if not client.backchannel_logout_uri:
        app_sessions.forget(db, client.id)
    if client.has_keys:
        client_secrets.remove_all(db, client)
    record(db, Event.CLIENT_EDITED, actor_id=actor_id, client=str(client.id), name=client.name)


def lock(db: Session, client: OAuthClient) -> None:
    """Lock a client's row: tokens being issued to it are committed first, so that whatever follows finds them."""
    db.refresh(client, with_for_update=True)


OF_ID = select(OAuthClient).where(OAuthClient.id == bindparam("client_id"))
KNOWN, LOCKED = RowQuery(OF_ID), RowQuery(OF_ID.with_for_update(read=True))


def find_any(db: Session, client_id: str | None) -> OAuthClient | None:
    """Look up a client by its ``client_id``, disabled or not; read-only."""
    return KNOWN.scalar(db, client_id=UUID(client_id)) if UUID_TEXT.fullmatch(client_id or "") else None


def unchanging(db: Session, client_id: UUID) -> OAuthClient | None:
    """Look up a client that is not disabled, with a shared lock until the end of this transaction; read-only."""
    client = LOCKED.scalar(db, client_id=client_id)
    return client if client is not None and client.disabled_at is None else None


def find(db: Session, client_id: str | None) -> OAuthClient | None:
    """The client with this ``client_id``, unless it is disabled; read-only."""
    client = find_any(db, client_id)
    return client if client is not None and client.disabled_at is None else None


def by_id(db: Session, client_id: UUID) -> OAuthClient | None:
    """The client, disabled or not."""
    return db.get(OAuthClient, client_id)


def by_name_or_id(db: Session, name: str) -> OAuthClient | None:
    """The client with this name or ``client_id``, disabled or not."""
    if UUID_TEXT.fullmatch(name):
        return db.get(OAuthClient, UUID(name))
    return db.scalar(select(OAuthClient).where(func.lower(OAuthClient.name) == name.lower()))


def page_of_clients(db: Session, *, part: str = "", after: UUID | None = None, size: int) -> Sequence[OAuthClient]:
    """A page of all clients, sorted by name.

    Args:
        part: of the name, in any case; empty for all.
        after: id of the last client on the page before; an unknown one begins again.
    """
    found = select(OAuthClient).order_by(OAuthClient.name).limit(size)
    if part:
        found = found.where(func.lower(OAuthClient.name).contains(part.lower(), autoescape=True))
    if after is not None and (last := db.get(OAuthClient, after)) is not None:
        found = found.where(OAuthClient.name > last.name)
    return db.scalars(found).all()


def list_clients(db: Session) -> Sequence[OAuthClient]:
    return db.scalars(select(OAuthClient).order_by(OAuthClient.name)).all()


def disable(db: Session, client: OAuthClient, *, origin: str, actor_id: UUID | None = None) -> int:
    """Let nobody log in to a client, and end what it got. Returns how many logins ended."""
    lock(db, client)
    ended = refresh_families.end_of_client(db, client.id, origin=origin)
    if client.disabled_at is None:
        client.disabled_at = now()
        name, key = client.name, str(client.id)
        record(db, Event.CLIENT_DISABLED, actor_id=actor_id, client=key, name=name, ended=ended, origin=origin)
    db.flush()
    return ended


def enable(db: Session, client: OAuthClient, *, origin: str, actor_id: UUID | None = None) -> None:
    """Let users log in to a client again; its secrets and consents are those from before."""
    if client.disabled_at is not None:
        client.disabled_at = None
        record(db, Event.CLIENT_ENABLED, actor_id=actor_id, client=str(client.id), name=client.name, origin=origin)
        db.flush()


def remove(db: Session, client: OAuthClient, *, origin: str, actor_id: UUID | None = None) -> int:
    """Remove a client and end what it got. Returns how many logins ended."""
    lock(db, client)
    ended = refresh_families.end_of_client(db, client.id, origin=origin)
    client_id, name = str(client.id), client.name
    record(db, Event.CLIENT_REMOVED, actor_id=actor_id, client=client_id, name=name, logins=ended, origin=origin)
    app_sessions.keep_recipient(db, client)
    # With ON DELETE CASCADE of the database instead of loading each object.
    db.execute(delete(OAuthClient).where(OAuthClient.id == client.id))
    return ended


def withdraw(db: Session, user_id: UUID, client_id: UUID) -> bool:
    """Withdraw a user's consent to a client and end its tokens. False if there was nothing."""
    ended = refresh_families.end_of_client(db, client_id, user_id=user_id, origin="owner")
    app_sessions.end_all(db, client_id, user_id)
    waiting = AuthorizationCode.user_id == user_id, AuthorizationCode.client_id == client_id
    db.execute(delete(AuthorizationCode).where(*waiting, AuthorizationCode.used_at.is_(None)))
    matches = Consent.user_id == user_id, Consent.client_id == client_id
    deleted = db.execute(delete(Consent).where(*matches).returning(Consent.client_id)).first()
    return bool(ended or deleted)
