"""Clients: register, find, change their secrets, end what they got."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.digests import digest, new_secret
from webapp.core.translation import _
from webapp.oauth import redirect_uris
from webapp.oauth.models import ClientSecret, Consent, OAuthClient
from webapp.tokens import refresh_families

UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHORTEST_NAME, LONGEST_NAME = 2, 50
MOST_REDIRECT_URIS = 20
MOST_SECRETS = 2


class ClientUnfit(Exception):
    """The client cannot be registered like this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """What is registered of a client."""

    name: str
    redirect_uris: Sequence[str] = ()
    post_logout_redirect_uris: Sequence[str] = ()
    is_public: bool = False
    is_first_party: bool = False
    scopes: Sequence[str] = ()
    roles: Sequence[str] = ()
    service_account_id: UUID | None = None


@dataclass(frozen=True, slots=True, repr=False)
class RegisteredClient:
    """``secret`` is shown once and stored as a digest; None for a public client."""

    client: OAuthClient
    secret: str | None


def register(db: Session, wish: NewClient, *, origin: str, actor_id: UUID | None = None) -> RegisteredClient:
    """Register a client, with its first secret unless it is public.

    Raises:
        ClientUnfit
    """
    name = wish.name.strip()
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise ClientUnfit(_("The name of an app has 2 to 50 printable characters."))
    if db.scalar(select(OAuthClient.id).where(func.lower(OAuthClient.name) == name.lower())):
        raise ClientUnfit(_("There is an app with this name already."))
    if wish.is_public and wish.service_account_id is not None:
        raise ClientUnfit(_("A public app has no secret, so it cannot use client credentials."))
    client = OAuthClient(
        name=name,
        is_public=wish.is_public,
        is_first_party=wish.is_first_party,
        redirect_uris=checked_uris(wish.redirect_uris, is_for_users=wish.service_account_id is None),
        post_logout_redirect_uris=checked_uris(wish.post_logout_redirect_uris, is_for_users=False),
        scopes=sorted(set(wish.scopes)),
        roles=sorted(set(wish.roles)),
        service_account_id=wish.service_account_id,
        created_at=now(),
    )
    db.add(client)
    db.flush()
    record(db, Event.CLIENT_MADE, actor_id=actor_id, client=str(client.id), name=name, origin=origin)
    return RegisteredClient(client, None if wish.is_public else add_secret(db, client))


def checked_uris(uris: Sequence[str], *, is_for_users: bool) -> list[str]:
    """
    Args:
        is_for_users: whether users log in to the app, so that it needs one at least.

    Raises:
        ClientUnfit
    """
    if not uris and is_for_users:
        raise ClientUnfit(_("Enter at least one redirect URI, or a service account for client credentials."))
    if len(uris) > MOST_REDIRECT_URIS:
        raise ClientUnfit(_("An app has at most 20 redirect URIs."))
    try:
        return list(dict.fromkeys(redirect_uris.checked(uri) for uri in uris))
    except redirect_uris.RedirectUriUnfit as error:
        raise ClientUnfit(str(error)) from error


def edit(
    db: Session,
    client: OAuthClient,
    *,
    redirect_uris: Sequence[str],
    post_logout_redirect_uris: Sequence[str],
    roles: Sequence[str],
    scopes: Sequence[str],
    is_first_party: bool,
    actor_id: UUID | None = None,
) -> None:
    """Change what is registered of a client, except its name and kind.

    Raises:
        ClientUnfit
    """
    client.redirect_uris = checked_uris(redirect_uris, is_for_users=client.service_account_id is None)
    client.post_logout_redirect_uris = checked_uris(post_logout_redirect_uris, is_for_users=False)
    client.roles, client.scopes = sorted(set(roles)), sorted(set(scopes))
    client.is_first_party = is_first_party
    db.flush()
    record(db, Event.CLIENT_EDITED, actor_id=actor_id, client=str(client.id), name=client.name)


def new_secret_of(db: Session, client: OAuthClient, *, origin: str, actor_id: UUID | None = None) -> str:
    """As ``add_secret``, recorded."""
    secret = add_secret(db, client)
    named_as = client.name
    record(db, Event.CLIENT_SECRET_MADE, actor_id=actor_id, client=str(client.id), name=named_as, origin=origin)
    return secret


def add_secret(db: Session, client: OAuthClient) -> str:
    """A new secret of a client; the older of two is removed.

    Raises:
        ClientUnfit: it is public.
    """
    if client.is_public:
        raise ClientUnfit(_("A public app has no secret."))
    kept = select(ClientSecret.digest).where(ClientSecret.client_id == client.id)
    newest = db.scalars(kept.order_by(ClientSecret.created_at.desc()).limit(MOST_SECRETS - 1)).all()
    db.execute(delete(ClientSecret).where(ClientSecret.client_id == client.id, ClientSecret.digest.not_in(newest)))
    secret = new_secret()
    db.add(ClientSecret(digest=digest(secret), client_id=client.id, created_at=now()))
    db.flush()
    return secret


def has_secret(db: Session, client: OAuthClient, secret: str) -> bool:
    found = db.get(ClientSecret, digest(secret))
    return found is not None and found.client_id == client.id


def find(db: Session, client_id: str | None) -> OAuthClient | None:
    """The client with this ``client_id``, unless it is disabled."""
    if client_id is None or not UUID_TEXT.fullmatch(client_id):
        return None
    client = db.get(OAuthClient, UUID(client_id))
    return client if client is not None and client.disabled_at is None else None


def by_id(db: Session, client_id: UUID) -> OAuthClient | None:
    """The client, disabled or not."""
    return db.get(OAuthClient, client_id)


def named(db: Session, name: str) -> OAuthClient | None:
    """The client with this name or ``client_id``, disabled or not."""
    if UUID_TEXT.fullmatch(name):
        return db.get(OAuthClient, UUID(name))
    return db.scalar(select(OAuthClient).where(func.lower(OAuthClient.name) == name.lower()))


def every(db: Session) -> Sequence[OAuthClient]:
    return db.scalars(select(OAuthClient).order_by(OAuthClient.name)).all()


def remove(db: Session, client: OAuthClient, *, origin: str, actor_id: UUID | None = None) -> int:
    """Remove a client and end what it got. Returns how many users had given it access."""
    ended = refresh_families.end_of_client(db, client.id, origin=origin)
    record(db, Event.CLIENT_REMOVED, actor_id=actor_id, client=str(client.id), name=client.name, origin=origin)
    db.delete(client)
    db.flush()
    return ended


def withdraw(db: Session, user_id: UUID, client_id: UUID) -> bool:
    """Withdraw what a user has given a client: its tokens end. False if there was nothing."""
    ended = refresh_families.end_of_client(db, client_id, user_id=user_id, origin="owner")
    theirs = Consent.user_id == user_id, Consent.client_id == client_id
    gone = db.execute(delete(Consent).where(*theirs).returning(Consent.client_id)).first()
    return bool(ended or gone)


def app_name(database: Database, target: str) -> str | None:
    """The name of the app whose authorization request a path with query is; None for any other path."""
    path, _mark, query = target.partition("?")
    if not path.endswith("/oauth/authorize"):
        return None
    named_ids = parse_qs(query).get("client_id", [])
    with database.read() as db:
        client = find(db, named_ids[0]) if named_ids else None
        return client.name if client else None
