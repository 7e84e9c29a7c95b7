"""The refresh token grant of apps (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14.2)."""

from collections.abc import Sequence

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import user_lookup
from webapp.accounts.models import User
from webapp.audit.log import Event
from webapp.core.clock import now
from webapp.credentials import families
from webapp.credentials import lifecycle as credentials
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard.token_grant import TokenGrant
from webapp.oauth import resources
from webapp.oauth.grants.token_service import (
    INVALID_TARGET,
    GrantRefused,
    OAuthTokens,
    TokenService,
    may_use,
    required_roles,
)
from webapp.oauth.grants.user_login import UserLogin, id_token_beside
from webapp.oauth.models import OAuthClient
from webapp.oauth.policies import is_proven
from webapp.oauth.scopes import claim_scopes_of
from webapp.tokens import refresh_families, refreshing
from webapp.tokens.issuing import TokenRequest
from webapp.tokens.refresh_secret import SHAPE
from webapp.tokens.refreshing import LockedRefreshToken, RefreshState

INVALID = GrantRefused("invalid_grant", "the refresh token is unknown, used, ended or of another client")


def refresh(
    db: Session,
    service: TokenService,
    client: OAuthClient,
    secret: str,
    requested: Sequence[str],
    *,
    resource: Sequence[str] = (),
    ip_address: str | None,
    jkt: str | None = None,
) -> OAuthTokens | GrantRefused:
    """Exchange a refresh token. A refusal is returned, because the end of a reused family has to be committed.

    Args:
        requested: narrower scopes for this access token; empty for all.
        resource: which of the granted services this access token is for; empty if it is one.
        ip_address: IP address of the client.
        jkt: thumbprint of the key in the DPoP proof (RFC 9449 §5).
    """
    locked_token = refreshing.lock_refresh_token(db, secret) if SHAPE.fullmatch(secret) else None
    # Presented by another client or without its key: that must not end the login.
    if (
        locked_token is None
        or locked_token.family.client_id != client.id
        or (locked_token.credential.grant or TokenGrant()).jkt != jkt
    ):
        return INVALID
    moment = now()
    state = refreshing.state_of(locked_token, moment, service.overlap)
    if state is RefreshState.ENDED:
        return INVALID
    if state is RefreshState.REUSED:
        refresh_families.end(db, locked_token.family.id, event=Event.APP_REUSED, origin="site")
        return INVALID
    user, roles = user_lookup.with_roles(db, locked_token.credential.user_id)
    if user is None or not may_use(user, roles, client) or not is_proven(client, locked_token.credential.amr):
        return INVALID
    if client.login_lifetime is not None and moment - locked_token.credential.created_at >= client.login_lifetime:
        return INVALID
    scopes = locked_token.scopes.intersection(grantable_now(db, service, client, user, roles))
    if not scopes.issuperset(requested) or not scopes:
        return GrantRefused("invalid_scope", "these scopes were not given, or are no longer")
    granted = (locked_token.credential.grant or TokenGrant()).audiences
    audience = resources.audience(granted, resource, client, own=service.issuer.url)
    if audience is None:
        return INVALID_TARGET
    if state is RefreshState.FRESH and refreshing.wait(db, locked_token, moment):
        return GrantRefused("slow_down", "it refreshes too often")
    successor = refreshing.next_refresh_token(db, locked_token, state, service.secrets, moment)
    if successor is None:
        return INVALID
    credentials.note_use(db, locked_token.credential, moment, ip_address)
    # As old as the login: refreshing is no new authentication.
    proof = AuthenticationProof(locked_token.credential.auth_time, locked_token.credential.amr)
    login = UserLogin(client, user, roles, frozenset(requested) or scopes, None, proof, audiences=audience)
    return next_token(db, service, login, locked_token, state, successor)


def grantable_now(
    db: Session, service: TokenService, client: OAuthClient, user: User, roles: Sequence[str]
) -> set[str]:
    """The scopes that a user with these roles can give this client now."""
    of_api = set(client.scopes).intersection(service.catalogue.for_user(db, user.id).held_by(roles))
    return of_api.union(claim_scopes_of(client))


def next_token(
    db: Session,
    service: TokenService,
    login: UserLogin,
    locked_token: LockedRefreshToken,
    state: RefreshState,
    successor: str,
) -> OAuthTokens | GrantRefused:
    """The next tokens, while the access token before works for a moment longer; at most ``MAX_LIVE`` at once.

    Args:
        login: with the scopes and audience of the access token. Its ID token is as at the login (OpenID Connect Core
            §12.2), without ``nonce``.
    """
    moment, members = now(), families.live_members(db, locked_token.family.id)
    if state is RefreshState.FRESH:
        refresh_families.supersede(db, members, moment + service.overlap)
    elif len(members) >= refresh_families.MAX_LIVE:
        return GrantRefused("slow_down", "the same refresh token was used too often")
    credential = locked_token.credential
    token_request = TokenRequest(
        name=locked_token.family.app_name or "",
        grant=msgspec.structs.replace(
            credential.grant or TokenGrant(),
            scopes=frozenset(login.scopes),
            audiences=login.audiences,
            roles=required_roles(login.client, login.user),
        ),
        lifetime=min(locked_token.family.access_lifetime, service.access_lifetime, credential.expires_at - moment),
        origin="app",
        family_id=locked_token.family.id,
        event=Event.APP_REFRESHED,
    )
    issued = service.issuer.issue(db, credential.user_id, token_request, login.proof)
    return OAuthTokens(issued, successor, id_token_beside(db, service, login, issued))
