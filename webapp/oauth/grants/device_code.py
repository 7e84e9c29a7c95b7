"""The device code grant at the token endpoint (RFC 8628 §3.4)."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from webapp.accounts import user_lookup
from webapp.audit.log import Event
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.oauth import device_codes, resources
from webapp.oauth.device_codes import DeviceState
from webapp.oauth.grants.token_service import INVALID_TARGET, GrantRefused, OAuthTokens, TokenService, may_use
from webapp.oauth.grants.user_login import UserLogin, family_terms, issue_tokens
from webapp.oauth.models import OAuthClient
from webapp.oauth.policies import is_proven
from webapp.tokens import refresh_families
from webapp.tokens.refresh_families import ScriptClient

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
REFUSALS = {
    DeviceState.PENDING: GrantRefused("authorization_pending", "the user has not decided yet", is_guess=False),
    DeviceState.TOO_FAST: GrantRefused("slow_down", "wait 5 seconds longer between two requests", is_guess=False),
    DeviceState.DENIED: GrantRefused("access_denied", "the user did not allow it", is_guess=False),
    DeviceState.EXPIRED: GrantRefused("expired_token", "the device code has expired", is_guess=False),
    DeviceState.INVALID: GrantRefused("invalid_grant", "the device code is invalid or used, or the key is another"),
}
ENDED = GrantRefused("invalid_grant", "the access was withdrawn, or its user may not log in")


def exchange(
    db: Session,
    service: TokenService,
    client: OAuthClient,
    code: str,
    caller: ScriptClient,
    *,
    resource: Sequence[str] = (),
    jkt: str | None = None,
) -> OAuthTokens | GrantRefused:
    """Exchange a device code for tokens. A refusal is returned, because what it wrote has to be committed.

    Args:
        resource: which of the allowed services the access token is for (RFC 8707).
        jkt: thumbprint of the key in the DPoP proof (RFC 9449 §5).
    """
    if not client.is_for_devices:
        return GrantRefused("unauthorized_client", "this client may not use the device grant")
    state, row = device_codes.poll(db, client, code, jkt)
    if state is not DeviceState.ALLOWED or row is None:
        return REFUSALS[state]
    audience = resources.audience(row.resources, resource, client, own=service.issuer.url)
    if audience is None:
        return INVALID_TARGET
    if not device_codes.spend(db, row):
        return REFUSALS[DeviceState.INVALID]
    user, roles = user_lookup.with_roles(db, row.user_id) if row.user_id else (None, ())
    if user is None or row.grant_id is None or row.session_id is None or not may_use(user, roles, client):
        return ENDED
    terms = family_terms(service, client, user, row.scopes, jkt, resources=row.resources)
    family = refresh_families.activate(db, row.grant_id, terms, caller)
    if family is None:
        return ENDED
    if not is_proven(client, family.credential.amr):
        # No token of it is handed out, so it must not be listed either.
        refresh_families.end(db, row.grant_id, event=Event.APP_ENDED, origin="site")
        return ENDED
    proof = AuthenticationProof(family.credential.auth_time, family.credential.amr)
    login = UserLogin(client, user, roles, row.scopes, row.session_id, proof, audiences=audience)
    return issue_tokens(db, service, login, family)
