"""Identity providers as rows: find them, and what the protocol needs to know of one."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.core.encryption import Encryptor
from webapp.core.sealed_column import SealedColumn
from webapp.federation.models import LoginProvider
from webapp.federation.openid_login import Provider

MAX_PROVIDERS, LAST_POSITION, LONGEST_SLUG = 100, 999, 30


SECRETS = SealedColumn(
    "client secrets of providers", "login provider", LoginProvider.id, LoginProvider.client_secret, LoginProvider.id
)


class ProviderEncryptor(Encryptor):
    """Encrypts what is stored of providers: client secrets, ID tokens."""


def encryptor_for(secret_key: str, former: tuple[str, ...]) -> ProviderEncryptor:
    return ProviderEncryptor(secret_key, SECRETS.purpose, former=former)


def enabled(db: Session) -> Sequence[LoginProvider]:
    """The providers that users can log in with, in the order of their buttons."""
    query = select(LoginProvider).where(LoginProvider.disabled_at.is_(None))
    return db.scalars(query.order_by(LoginProvider.position, LoginProvider.name)).all()


def list_providers(db: Session) -> Sequence[LoginProvider]:
    """All providers, disabled or not, in the order of their buttons."""
    return db.scalars(select(LoginProvider).order_by(LoginProvider.position, LoginProvider.name)).all()


def next_position(db: Session) -> int:
    """The position after all others."""
    last = db.scalar(select(func.max(LoginProvider.position)))
    return min(last + 1, LAST_POSITION) if last is not None else 0


def free_slug(db: Session, preferred: str) -> str:
    """A free short name that resembles this one."""
    base = re.sub(r"[^a-z0-9]+", "-", preferred.lower()).strip("-")[:26].strip("-") or "provider"
    existing_slugs = set(db.scalars(select(LoginProvider.slug)))
    names = (base, *(f"{base}-{number}" for number in range(2, MAX_PROVIDERS + 2)))
    return next(name for name in names if name not in existing_slugs)


def by_slug(db: Session, slug: str) -> LoginProvider | None:
    return db.scalar(select(LoginProvider).where(LoginProvider.slug == slug))


def by_id(db: Session, provider_id: UUID) -> LoginProvider | None:
    return db.get(LoginProvider, provider_id)


def for_protocol(row: LoginProvider, encryptor: Encryptor, base_url: str) -> Provider:
    """The values of a provider that its protocol needs, with the client secret decrypted.

    Args:
        base_url: of this site.

    Raises:
        DecryptionFailed: the client secret was encrypted with another secret key.
    """
    secret = encryptor.open(row.client_secret, belongs_to=str(row.id)).decode() if row.client_secret else None
    return Provider(
        row.slug,
        row.kind,
        row.issuer,
        row.client_id,
        secret,
        row.scopes,
        row.endpoints,
        redirect_uri(base_url, row.slug),
        row.claim_names,
        row.client_auth_method,
    )


def redirect_uri(base_url: str, slug: str) -> str:
    """The redirect URI to register at a provider: one for each, which prevents mix-up attacks (RFC 9700 §4.4)."""
    return f"{base_url}/login/with/{slug}/callback"


def logged_out_uri(base_url: str, slug: str) -> str:
    """Where the provider sends a browser after a logout; to be registered there."""
    return f"{base_url}/login/with/{slug}/logged-out"


def backchannel_logout_uri(base_url: str, slug: str) -> str:
    """Where the provider may send logout tokens; to be registered there."""
    return f"{base_url}/login/with/{slug}/backchannel-logout"
