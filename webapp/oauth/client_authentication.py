"""identified(): which client calls the token endpoint, and whether its secret is right (RFC 6749 §2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus
from uuid import UUID

from webapp.core.db import Database
from webapp.oauth import client_assertion, client_secrets, clients
from webapp.oauth.client_assertion import InvalidAssertion
from webapp.oauth.models import OAuthClient
from webapp.web.bearer import basic_credentials


class ClientRefused(Exception):
    """``invalid_client`` (RFC 6749 §5.2); the message is English, for the developer of the client."""


class TwoCredentials(Exception):
    """The client used more than one way to authenticate (RFC 6749 §2.3)."""


@dataclass(frozen=True, slots=True, repr=False)
class ClientCredentials:
    """``client_id`` of a request, with a secret or an assertion; a public client sends neither."""

    client_id: str
    secret: str | None
    assertion: str | None = None


def presented(authorization: str | None, form: Mapping[str, str]) -> ClientCredentials:
    """Read the client credentials of a request: Basic header, form fields or ``client_assertion`` (RFC 6749 §2.3).

    Args:
        authorization: the header.
        form: of the request.

    Raises:
        ClientRefused, TwoCredentials
    """
    client_id, secret = form.get("client_id") or "", form.get("client_secret") or None
    if form.get("client_assertion") or form.get("client_assertion_type"):
        if authorization is not None or secret is not None:
            raise TwoCredentials("authenticate with client_assertion or with a secret, not with both")
        return credentials_from_assertion(client_id, form)
    if authorization is None:
        return ClientCredentials(client_id, secret)
    scheme, _space, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise ClientRefused("use the scheme Basic, or client_id and client_secret in the body")
    if secret is not None:
        raise TwoCredentials("authenticate in the header or in the body, not in both")
    # Both are form-urlencoded first (RFC 6749 §2.3.1).
    username, password = map(unquote_plus, basic_credentials(rest.strip()))
    if client_id not in ("", username):
        raise TwoCredentials("the header and the body name different clients")
    return ClientCredentials(username, password or None)


def credentials_from_assertion(client_id: str, form: Mapping[str, str]) -> ClientCredentials:
    """The client credentials in a ``client_assertion``, which names the client itself (RFC 7521 §4.2)."""
    if form.get("client_assertion_type") != client_assertion.TYPE:
        raise ClientRefused(f"client_assertion_type must be {client_assertion.TYPE}")
    assertion = form.get("client_assertion") or ""
    try:
        subject = client_assertion.client_named(assertion)
    except InvalidAssertion as error:
        raise ClientRefused(str(error)) from error
    if client_id not in ("", subject):
        raise TwoCredentials("client_id is not the sub of client_assertion")
    return ClientCredentials(subject, None, assertion)


def identified(database: Database, client_credentials: ClientCredentials) -> OAuthClient:
    """Authenticate the client that a request names, by the method that it is registered with.

    An assertion is verified afterwards, because that may take a request to another site.

    Raises:
        ClientRefused
    """
    client, has_secret = None, False
    if clients.UUID_TEXT.fullmatch(client_credentials.client_id):
        client, has_secret = client_secrets.with_secret(
            database, UUID(client_credentials.client_id), client_credentials.secret or ""
        )
    if client is None:
        raise ClientRefused("unknown client, or no client_id")
    if client.has_keys is not (client_credentials.assertion is not None):
        raise ClientRefused(f"this client {'must' if client.has_keys else 'cannot'} use private_key_jwt")
    if client.has_keys:
        return client
    if client.is_public:
        if client_credentials.secret is not None:
            raise ClientRefused("a public client has no secret")
        return client
    if not has_secret:
        raise ClientRefused("the client secret is missing or wrong")
    return client
