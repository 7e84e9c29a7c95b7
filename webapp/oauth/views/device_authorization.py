"""/oauth/device_authorization: a device asks for codes with which its user allows it (RFC 8628 §3.1, §3.2)."""

from datetime import timedelta
from math import ceil

import msgspec
from flask import Response, request
from flask.typing import ResponseReturnValue

from webapp.core.client_network import network_of
from webapp.core.ratelimit import Limit, Limiter
from webapp.guard.require import public_to_scripts
from webapp.oauth import device_codes, resources, user_codes
from webapp.oauth.device_codes import INTERVAL, LIFETIME
from webapp.oauth.models import OAuthClient
from webapp.oauth.request_rules import LONGEST_SCOPE
from webapp.oauth.scopes import CLAIM_SCOPES
from webapp.oauth.user_codes import UserCodes
from webapp.oauth.views.blueprint import bp, issuer, oauth_error
from webapp.oauth.views.calling_client import client_of_form, client_refused
from webapp.oauth.views.discovery import signing_algorithm
from webapp.oauth.views.error_notes import note_refusal
from webapp.web import dpop
from webapp.web.known_fields import reads
from webapp.web.negotiation import as_json
from webapp.web.registry import service
from webapp.web.transaction import database

# Each request writes a row, which is kept for 70 minutes. The client_id of a public client is no secret, so both limits
# are needed: for one network, and for a client whose id many networks use.
OF_NETWORK = Limit("device-code-network", 60, timedelta(minutes=10))
OF_CLIENT = Limit("device-code-client", 1000, timedelta(minutes=10))


class DeviceAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """Device authorization response (RFC 8628 §3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    """In seconds."""
    interval: int
    """In seconds."""


@bp.post("/oauth/device_authorization")
@public_to_scripts
@reads(others=True)
def device_authorization() -> ResponseReturnValue:
    """Get a device code, and the user code that a user enters at ``verification_uri`` to allow the device."""
    signing_algorithm()
    client = client_of_form()
    if isinstance(client, Response):
        return client
    if not client.is_for_devices:
        return refusal(client, "unauthorized_client", "this client may not use the device grant")
    scopes = requested_scopes(client)
    if isinstance(scopes, Response):
        return scopes
    requested_resources = resources.distinct(request.form.getlist("resource"))
    if not all(resources.may_name(client, uri, own=issuer()) for uri in requested_resources):
        return refusal(client, "invalid_target", "the client may not get tokens for this resource")
    proof = dpop.presented_proof()
    if (throttled := too_many(client)) is not None:
        return throttled
    jkt = dpop.spend(proof)
    with database().write() as db:
        # Locked, so that it is not removed meanwhile.
        if db.get(OAuthClient, client.id, with_for_update={"read": True}) is None:
            return client_refused("the client was removed")
        codes = device_codes.issue(
            db,
            service(UserCodes),
            client,
            scopes,
            resources=requested_resources,
            jkt=jkt,
            ip_address=request.remote_addr,
        )
    user_code, page = user_codes.spelled(codes.user_code), f"{issuer()}/device"
    return as_json(
        DeviceAuthorization(
            device_code=codes.device_code,
            user_code=user_code,
            verification_uri=page,
            verification_uri_complete=f"{page}?user_code={user_code}",
            expires_in=int(LIFETIME.total_seconds()),
            interval=int(INTERVAL.total_seconds()),
        )
    )


def requested_scopes(client: OAuthClient) -> list[str] | Response:
    """The known ones of the requested scopes, or the error response if there are none."""
    scope = request.form.get("scope", "")
    if len(scope) > LONGEST_SCOPE:
        return refusal(client, "invalid_scope", f"scope has more than {LONGEST_SCOPE} characters")
    known_scopes = [name for name in dict.fromkeys(scope.split()) if name in CLAIM_SCOPES or name in client.scopes]
    return known_scopes or refusal(client, "invalid_scope", "no known scope was requested, such as openid")


def refusal(client: OAuthClient, error: str, description: str) -> Response:
    note_refusal(client.id, error, description)
    return oauth_error(error, description)


def too_many(client: OAuthClient) -> Response | None:
    """The response where a network or client has been given too many codes; else the request is counted."""
    limiter = service(Limiter)
    for limit, key in ((OF_NETWORK, network_of(request.remote_addr)), (OF_CLIENT, client.id.hex)):
        limit_result = limiter.take_unless_over(limit, key)
        if not limit_result.allowed:
            wait = str(max(1, ceil(limit_result.retry_after.total_seconds())))
            return oauth_error("slow_down", "too many device codes", status=429, headers={"Retry-After": wait})
    return None
