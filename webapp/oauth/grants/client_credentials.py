"""The client credentials grant (RFC 6749 §4.4): a token of the service account of a client."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from webapp.accounts import user_lookup
from webapp.audit.log import Event
from webapp.core.column_types import EPOCH
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard.token_grant import TokenGrant
from webapp.oauth import resources
from webapp.oauth.grants.token_service import INVALID_TARGET, GrantRefused, OAuthTokens, TokenService
from webapp.oauth.models import OAuthClient
from webapp.tokens import refresh_families
from webapp.tokens.issuing import TokenRequest
from webapp.tokens.refresh_families import FamilyTerms, RefreshLifetimes, ScriptClient


def issue_token(
    db: Session,
    service: TokenService,
    client: OAuthClient,
    requested: Sequence[str],
    caller: ScriptClient,
    *,
    resource: Sequence[str] = (),
    jkt: str | None = None,
) -> OAuthTokens | GrantRefused:
    """Issue a token without a user; there is no refresh token (§4.4.3).

    Args:
        requested: scopes; empty for all that the client may have.
        resource: the service that the token is for; empty for this site.
        jkt: thumbprint of the key in the DPoP proof (RFC 9449 §5).
    """
    owner_id = client.service_account_id
    account, roles = user_lookup.with_roles(db, owner_id) if owner_id else (None, ())
    if client.is_public or account is None or account.disabled_at is not None or not account.is_service:
        return GrantRefused("unauthorized_client", "this client may not use client credentials")
    client_scopes = set(client.scopes).intersection(service.catalogue.for_user(db, account.id).held_by(roles))
    # Unknown scopes are an error here (RFC 6749 §5.2): no user sees what is missing.
    if not client_scopes.issuperset(requested) or not client_scopes:
        return GrantRefused("invalid_scope", "the client may not have these scopes")
    audience = resources.audience(resource, resource, client, own=service.issuer.url)
    if audience is None:
        return INVALID_TARGET
    scopes = frozenset(requested) or frozenset(client_scopes)
    grant = TokenGrant(scopes=scopes, client=str(client.id), jkt=jkt, audiences=audience)
    lifetime = service.access_lifetime
    terms = FamilyTerms(grant, lifetime, RefreshLifetimes(None, lifetime), app_name=client.name)
    proof = AuthenticationProof(EPOCH, "")
    family = refresh_families.begin(db, account.id, terms, caller, proof)
    token_request = TokenRequest(
        name=client.name,
        grant=grant,
        lifetime=lifetime,
        origin="app",
        family_id=family.credential.id,
        event=Event.APP_LOGGED_IN,
    )
    return OAuthTokens(service.issuer.issue(db, account.id, token_request, proof))
