"""subject_of(): by which identifier an app knows a user, the ``sub`` (OpenID Connect Core §8)."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.digests import keyed, new_secret
from webapp.core.translation import _
from webapp.oauth import redirect_uris
from webapp.oauth.client_settings import InvalidClientSettings
from webapp.oauth.models import OAuthClient, RemovedClient


def subject_of(client: OAuthClient | RemovedClient | None, user_id: UUID) -> str:
    """The id of the user; for an app with pairwise identifiers one that only apps of the same host have (§8.1).

    Args:
        client: None for a script of the user, which is no app.
    """
    if client is None or not client.has_pairwise_subjects:
        return str(user_id)
    return keyed(client.subject_salt.encode(), str(user_id))


def prepare(db: Session, client: OAuthClient) -> None:
    """Give an app that needs it the salt of its identifiers: that of the other apps of its host, or a new one.

    It is random and not derived from the secret key of the site, because that may change.

    Raises:
        InvalidClientSettings: it has several hosts, so it is unclear with which apps it shares identifiers.
    """
    if not client.has_pairwise_subjects:
        return
    hosts = hosts_of(client)
    if len(hosts) > 1:
        raise InvalidClientSettings(
            _("All redirect URIs of an app that gets its own user identifiers must have the same host.")
        )
    if not client.subject_salt:
        others = db.scalars(select(OAuthClient).where(OAuthClient.subject_salt != "").order_by(OAuthClient.created_at))
        of_same = (other.subject_salt for other in others if hosts and hosts == hosts_of(other))
        client.subject_salt = next(of_same, None) or new_secret()


def hosts_of(client: OAuthClient) -> set[str | None]:
    """The hosts of its redirect URIs; none for an app on the devices of users."""
    parts = (redirect_uris.split(uri) for uri in client.redirect_uris)
    return {part.hostname for part in parts if part is not None and part.scheme == "https"}
