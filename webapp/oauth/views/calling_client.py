"""authenticated_client(): which client sent a request to an endpoint for clients, or why it is refused."""

from math import ceil

from flask import Response, request

from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SPENT
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.oauth import client_assertion, client_authentication, client_keys
from webapp.oauth.client_assertion import InvalidAssertion
from webapp.oauth.client_authentication import ClientRefused, TwoCredentials
from webapp.oauth.fetched_keys import NO_KEYS, FetchedKeys
from webapp.oauth.models import OAuthClient
from webapp.oauth.views.blueprint import issuer, oauth_error
from webapp.oauth.views.error_notes import note_unauthenticated
from webapp.web.bearer import realm
from webapp.web.registry import service
from webapp.web.transaction import database

FORM = "application/x-www-form-urlencoded"
REPEATABLE = {"resource"}


def malformed() -> str | None:
    """What is wrong with the form of a request; None if nothing is."""
    if request.mimetype != FORM:
        return f"the body must be {FORM}"
    repeated = [name for name in request.form if len(request.form.getlist(name)) > 1 and name not in REPEATABLE]
    return f"{repeated[0][:50]} was sent more than once" if repeated else None


def too_many_refused() -> Response | None:
    """The response to a network with too many refused requests; None for any other."""
    too_many = service(InvalidTokenLimit).too_many(request.remote_addr)
    if too_many is None:
        return None
    wait = str(ceil(too_many.retry_after.total_seconds()))
    return oauth_error("slow_down", "too many refused requests", status=429, headers={"Retry-After": wait})


def authenticated_client() -> OAuthClient | Response:
    """The client of the request, detached from the database, or the error response; a refusal is counted."""
    if (too_many := too_many_refused()) is not None:
        return too_many
    client_id = ""
    try:
        client_credentials = client_authentication.presented(request.headers.get("Authorization"), request.form)
        client_id = client_credentials.client_id
        client = client_authentication.identified(database(), client_credentials)
        if client_credentials.assertion is not None:
            prove(client, client_credentials.assertion)
        return client
    except ClientRefused as error:
        service(InvalidTokenLimit).count(request.remote_addr)
        note_unauthenticated(client_id, str(error))
        return client_refused(str(error))
    except TwoCredentials as error:
        return oauth_error("invalid_request", str(error))


def client_of_form() -> OAuthClient | Response:
    """As ``authenticated_client``, of a request whose form is checked first."""
    if (misuse := malformed()) is not None:
        return oauth_error("invalid_request", misuse)
    return authenticated_client()


def prove(client: OAuthClient, assertion: str) -> None:
    """Accept the assertion of a client, once.

    Raises:
        ClientRefused
    """
    own = issuer()
    audiences = {own, f"{own}/oauth/token", f"{own}{request.path}"}
    try:
        keys = client_keys.stored(client.jwks)
        if client.jwks_uri:
            keys = service(FetchedKeys).find(client.jwks_uri, client_assertion.kid_named(assertion))
            if not keys:
                raise ClientRefused(NO_KEYS)
        jti = client_assertion.verified(assertion, keys, client_id=str(client.id), audiences=audiences)
    except InvalidAssertion as error:
        raise ClientRefused(str(error)) from error
    # Only now, so that senders without a key of the client store no row.
    once = Limit(f"{SPENT}assertion", 1, client_assertion.REMEMBERED)
    if not service(Limiter).take(once, str(client.id), jti).allowed:
        raise ClientRefused("client_assertion: jti was used before")


def client_refused(reason: str) -> Response:
    return oauth_error("invalid_client", reason, status=401, headers={"WWW-Authenticate": realm("Basic")})
