"""authenticated(): which client calls the token endpoint, and whether it proves it (RFC 6749 §2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sqlalchemy.orm import Session

from webapp.oauth import client_secrets, clients
from webapp.oauth.models import OAuthClient
from webapp.web.bearer import basic_credentials


class ClientRefused(Exception):
    """``invalid_client`` (RFC 6749 §5.2); the message is English, for the developer of the client."""


class TwoCredentials(Exception):
    """The client used more than one way to authenticate (RFC 6749 §2.3)."""


@dataclass(frozen=True, slots=True, repr=False)
class ClientCredentials:
    """``client_id`` and secret of a request; a public client sends no secret."""

    client_id: str
    secret: str | None


def presented(authorization: str | None, form: Mapping[str, str]) -> ClientCredentials:
    """
    Args:
        authorization: the header.
        form: of the request.

    Raises:
        ClientRefused, TwoCredentials
    """
    named, secret = form.get("client_id") or "", form.get("client_secret") or None
    if authorization is None:
        return ClientCredentials(named, secret)
    scheme, _space, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise ClientRefused("use the scheme Basic, or client_id and client_secret in the body")
    if secret is not None:
        raise TwoCredentials("authenticate in the header or in the body, not in both")
    # Both are form-urlencoded first (RFC 6749 §2.3.1).
    username, password = map(unquote_plus, basic_credentials(rest.strip()))
    if named not in ("", username):
        raise TwoCredentials("the header and the body name different clients")
    return ClientCredentials(username, password or None)


def authenticated(db: Session, shown: ClientCredentials) -> OAuthClient:
    """The client that proves to be the one it names.

    Raises:
        ClientRefused
    """
    client = clients.find(db, shown.client_id)
    if client is None:
        raise ClientRefused("unknown client, or no client_id")
    if client.is_public:
        if shown.secret is not None:
            raise ClientRefused("a public client has no secret")
        return client
    if shown.secret is None or not client_secrets.has_secret(db, client, shown.secret):
        raise ClientRefused("the client secret is missing or wrong")
    return client
