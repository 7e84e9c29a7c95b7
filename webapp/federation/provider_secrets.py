"""Client secrets of providers: encrypted, because the protocol sends them."""

from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.core.translation import _
from webapp.federation.models import LoginProvider
from webapp.federation.provider_settings import InvalidProvider

LONGEST_SECRET = 5000
"""Of OAuth 1.0a it may be a private key (PEM)."""


def set_secret(row: LoginProvider, encryptor: Encryptor, secret: str) -> None:
    """Encrypt and store the client secret of a provider; an empty one removes it.

    Raises:
        InvalidProvider
    """
    if len(secret) > LONGEST_SECRET or not (secret.replace("\n", "") if row.kind == "oauth1" else secret).isprintable():
        raise InvalidProvider(_("The client secret has at most 5000 printable characters."))
    row.client_secret = encryptor.seal(secret.encode(), belongs_to=str(row.id)) if secret else None


def secret_of(row: LoginProvider, encryptor: Encryptor) -> str | None:
    """The client secret; empty for a public client, None if it was encrypted with another secret key."""
    try:
        return encryptor.open(row.client_secret, belongs_to=str(row.id)).decode() if row.client_secret else ""
    except DecryptionFailed:
        return None
