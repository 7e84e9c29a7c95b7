"""/oauth/register: apps register themselves with a token of an admin (RFC 7591 §3)."""

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.translation import _
from webapp.guard.require import public_to_scripts
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.oauth import registration, registration_tokens
from webapp.oauth.registration import InitialTokenInvalid, RegistrationRefused, SelfRegistered
from webapp.oauth.views.blueprint import bp, oauth_error
from webapp.oauth.views.calling_client import too_many_refused
from webapp.oauth.views.discovery import signing_algorithm
from webapp.settings import Settings
from webapp.web.bearer import realm
from webapp.web.known_fields import reads
from webapp.web.negotiation import as_json
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import database


@bp.post("/oauth/register")
@public_to_scripts
@reads(others=True)
def register() -> ResponseReturnValue:
    """Register an app with what it says of itself. Needs an initial access token of an administrator."""
    signing_algorithm()
    if not service(Settings).dynamic_registration:
        raise Problem(404, _("Apps cannot register themselves here"), _("Ask an administrator to register the app."))
    if (too_many := too_many_refused()) is not None:
        return too_many
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise InitialTokenInvalid
        return registered(token.strip())
    except InitialTokenInvalid:
        service(InvalidTokenLimit).count(request.remote_addr)
        challenge = f'{realm()}, error="invalid_token"'
        why = "the initial access token is missing, unknown, used up or expired"
        return oauth_error("invalid_token", why, status=401, headers={"WWW-Authenticate": challenge})
    except RegistrationRefused as refused:
        return oauth_error(refused.error, refused.description)


def registered(token: str) -> Response:
    # Read first, so that requests without a token begin no write transaction.
    with database().read() as db:
        if not registration_tokens.is_usable(db, token):
            raise InitialTokenInvalid
    if request.mimetype != "application/json":
        raise RegistrationRefused("invalid_client_metadata", "the body must be application/json")
    metadata = registration.read(request.get_data())
    with database().write() as db:
        keys = service(IdTokenKeys)
        done = registration.register(db, token, metadata, algorithms=keys.algorithms)
        keys.signing_key(db, is_rs256=done.registered.client.wants_rs256)
        answer = as_json(answer_to(done), status=201)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def answer_to(done: SelfRegistered) -> dict[str, Any]:
    """Client information response (RFC 7591 §3.2.1). There is no way to change it later but by an administrator."""
    client, secret = done.registered.client, done.registered.secret
    members = {"client_id": str(client.id), "client_id_issued_at": int(client.created_at.timestamp())}
    # It does not expire.
    return members | ({"client_secret": secret, "client_secret_expires_at": 0} if secret else {}) | dict(done.metadata)
