"""/oauth/par: an app pushes its authorization request before it sends a browser here (RFC 9126)."""

from math import ceil
from urllib.parse import quote, urlencode

import msgspec
from flask import Response, request
from flask.typing import ResponseReturnValue

from webapp.core.client_network import network_of
from webapp.core.dpop import DpopProof
from webapp.core.ratelimit import Limiter
from webapp.guard.require import public_to_scripts
from webapp.oauth import pushed_requests
from webapp.oauth.client_errors import without_values
from webapp.oauth.models import OAuthClient
from webapp.oauth.pushed_requests import TooManyPushed
from webapp.oauth.request_errors import InvalidRedirect, RequestRefused
from webapp.oauth.request_rules import checked, destination_of
from webapp.oauth.scopes import CLAIM_SCOPES
from webapp.oauth.views.blueprint import bp, issuer, oauth_error
from webapp.oauth.views.calling_client import client_of_form
from webapp.oauth.views.discovery import signing_algorithm
from webapp.oauth.views.error_notes import note_error, note_refusal
from webapp.oauth.views.parameters import MOST_PARAMETERS
from webapp.web import dpop
from webapp.web.known_fields import reads
from webapp.web.negotiation import as_json
from webapp.web.registry import service
from webapp.web.request_head import LONGEST_URL
from webapp.web.transaction import database

CREDENTIALS = {"client_secret", "client_assertion", "client_assertion_type"}


class PushedResponse(msgspec.Struct, frozen=True):
    """Response to a pushed authorization request (RFC 9126 §2.2)."""

    request_uri: str
    expires_in: int
    """In seconds."""


@bp.post("/oauth/par")
@public_to_scripts
@reads(others=True)
def par() -> ResponseReturnValue:
    """Store an authorization request. The answer names it for the authorization endpoint, where it works once."""
    signing_algorithm()
    client = client_of_form()
    if isinstance(client, Response):
        return client
    request_parameters = {
        name: values for name, values in request.form.lists() if name not in CREDENTIALS and any(values)
    }
    request_parameters["client_id"] = [str(client.id)]
    # A proof binds the code to its key as dpop_jkt does (RFC 9449 §10.1).
    proof = dpop.presented_proof()
    bound_to = [proof.jkt] if proof else []
    if bound_to and request_parameters.setdefault("dpop_jkt", bound_to) != bound_to:
        return oauth_error("invalid_request", "dpop_jkt is not the key of the DPoP proof")
    query = urlencode(request_parameters, doseq=True, quote_via=quote)
    if len(query) > LONGEST_URL or query.count("&") >= MOST_PARAMETERS:
        return oauth_error("invalid_request", "the request is too long")
    try:
        with database().read() as reading:
            auth_request = checked(destination_of(reading, request_parameters), request_parameters, own=issuer())
    except InvalidRedirect as error:
        note_error(client.id, "redirect_uri", without_values(error.redirect_uri))
        # The message of the error is translated, and RFC 6749 §5.2 allows ASCII only.
        return oauth_error("invalid_request", "redirect_uri is missing or not registered")
    except RequestRefused as refused:
        note_refusal(client.id, refused.error, refused.description)
        return oauth_error(refused.error, refused.description)
    if not {*CLAIM_SCOPES, *client.scopes}.intersection(auth_request.scopes):
        return oauth_error("invalid_scope", "no known scope was requested, such as openid")
    return pushed(client, query, proof)


def pushed(client: OAuthClient, query: str, proof: DpopProof | None) -> Response:
    if client.is_public:
        limit_result = service(Limiter).take_unless_over(pushed_requests.OF_STRANGERS, network_of(request.remote_addr))
        if not limit_result.allowed:
            return too_many(ceil(limit_result.retry_after.total_seconds()))
    # Counted before the transaction, because SQLite has one writer.
    dpop.spend(proof)
    try:
        with database().write() as db:
            uri = pushed_requests.push(db, client, query)
    except TooManyPushed:
        return too_many(int(pushed_requests.LIFETIME.total_seconds()))
    return as_json(PushedResponse(uri, int(pushed_requests.LIFETIME.total_seconds())), status=201)


def too_many(wait: int) -> Response:
    headers = {"Retry-After": str(wait)}
    return oauth_error("slow_down", "too many pushed requests wait for a browser", status=429, headers=headers)
