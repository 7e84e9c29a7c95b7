"""Identity providers as rows: find them, and what the protocol needs to know of one."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.encryption import Encryptor
from webapp.federation.models import LoginProvider
from webapp.federation.openid_login import Provider


class ProviderEncryptor(Encryptor):
    """Encrypts what is stored of providers: client secrets, ID tokens."""


def enabled(db: Session) -> Sequence[LoginProvider]:
    """The providers that users can log in with, in the order of their buttons."""
    listed = select(LoginProvider).where(LoginProvider.disabled_at.is_(None))
    return db.scalars(listed.order_by(LoginProvider.position, LoginProvider.name)).all()


def by_slug(db: Session, slug: str) -> LoginProvider | None:
    return db.scalar(select(LoginProvider).where(LoginProvider.slug == slug))


def by_id(db: Session, provider_id: UUID) -> LoginProvider | None:
    return db.get(LoginProvider, provider_id)


def for_protocol(row: LoginProvider, sealer: Encryptor, base_url: str) -> Provider:
    """
    Args:
        base_url: of this site.

    Raises:
        DecryptionFailed: the client secret was encrypted with another secret key.
    """
    secret = sealer.open(row.client_secret, belongs_to=str(row.id)).decode() if row.client_secret else None
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
