"""/oauth/revoke and /oauth/introspect for clients (RFC 7009, RFC 7662): of the tokens that they got themselves."""

from uuid import UUID

import msgspec
from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from msgspec import UNSET

from webapp.accounts import user_lookup
from webapp.audit.log import Event
from webapp.guard.principal import NotAccepted
from webapp.guard.require import public_to_scripts
from webapp.login.introspection import INACTIVE, Introspection, introspection_response, of_principal, of_refresh
from webapp.oauth import app_sessions
from webapp.oauth.grants.token_service import may_use
from webapp.oauth.models import OAuthClient
from webapp.oauth.subjects import subject_of
from webapp.oauth.views.blueprint import bp, oauth_error
from webapp.oauth.views.calling_client import authenticated_client, client_refused, malformed
from webapp.tokens import refresh_families, refreshing, resource_tokens
from webapp.tokens.refresh_secret import SHAPE
from webapp.verify import read
from webapp.web.known_fields import reads
from webapp.web.negotiation import as_json
from webapp.web.transaction import database

TYPES = {True: "DPoP", False: "Bearer"}


@bp.post("/oauth/revoke")
@public_to_scripts
@reads(others=True)
def revoke() -> ResponseReturnValue:
    """Revoke a token and everything that came of the same login. The answer is the same for an unknown one."""
    client = client_of_request()
    if isinstance(client, Response):
        return client
    token = request.form.get("token", "")
    with database().write() as db:
        if SHAPE.fullmatch(token):
            found = refreshing.find(db, token)
            family_id = found.family_id if found else None
        else:
            family_id = family_of(token)
        if family_id is not None and refresh_families.client_of(db, family_id) == client.id:
            app_sessions.ended_by_app(db, family_id)
            refresh_families.end(db, family_id, event=Event.APP_ENDED, origin="holder")
    return Response(status=200)


@bp.post("/oauth/introspect")
@public_to_scripts
@reads(others=True)
def introspect() -> ResponseReturnValue:
    """Whether a token of this client is active, and what it may do."""
    client = client_of_request()
    if isinstance(client, Response):
        return client
    if client.is_public:
        return client_refused("a public client cannot introspect")
    return as_json(introspection_of(request.form.get("token", ""), client))


def introspection_of(token: str, client: OAuthClient) -> Introspection:
    if SHAPE.fullmatch(token):
        with database().read() as db:
            bearer, kind, claims = of_refresh(db, token), "refresh_token", dict[str, object]()
            if bearer is not None and not may_use(*user_lookup.with_roles(db, bearer.user_id), client):
                return INACTIVE
    else:
        try:
            bearer = of_principal(resource_tokens.validated(token))
        except NotAccepted:
            return INACTIVE
        kind, claims = TYPES[bearer.grant.jkt is not None], read(token)[1]
    if bearer is None or bearer.grant.client != str(client.id):
        return INACTIVE
    found = introspection_response(bearer, issuer=current_app.config["BASE_URL"], token_type=kind, claims=claims)
    if not client.has_pairwise_subjects:
        return found
    # The user name is the same for every app.
    return msgspec.structs.replace(found, sub=subject_of(client, bearer.user_id), username=UNSET)


def family_of(token: str) -> UUID | None:
    """The login that an access token belongs to; None for an unknown one."""
    try:
        principal = resource_tokens.validated(token)
    except NotAccepted:
        return None
    with database().read() as db:
        return refresh_families.family_of(db, principal.credential_id)


def client_of_request() -> OAuthClient | Response:
    """The authenticated client of a request with a token, or the error response."""
    if (misuse := malformed()) is not None:
        return oauth_error("invalid_request", misuse)
    if not request.form.get("token"):
        return oauth_error("invalid_request", "token is missing")
    return authenticated_client()
