"""issue_tokens(): the tokens of a user's login to an app, whichever grant it came by."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.audit.log import Event
from webapp.core.clock import now
from webapp.core.keys import SigningKey
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.oauth import app_sessions
from webapp.oauth.claims import claims_of
from webapp.oauth.grants.token_service import OAuthTokens, TokenService, required_roles
from webapp.oauth.id_token import Authentication, id_token
from webapp.oauth.models import OAuthClient
from webapp.oauth.policies import groups_of
from webapp.oauth.scopes import OFFLINE, OPENID
from webapp.tokens.issuing import IssuedToken, TokenRequest
from webapp.tokens.refresh_families import FamilyTerms, NewFamily, RefreshLifetimes


@dataclass(frozen=True, slots=True)
class UserLogin:
    """What a user has allowed an app, and how they had logged in here."""

    client: OAuthClient
    user: User
    roles: Sequence[str]
    """All that their role includes."""
    scopes: Collection[str]
    session_id: UUID | None
    """``sid`` of the session in which the user allowed it; None for an access that is independent of it."""
    proof: AuthenticationProof
    nonce: str | None = None
    audiences: tuple[str, ...] = ()
    """Of the first access token; empty for this site."""


def family_terms(
    service: TokenService,
    client: OAuthClient,
    user: User,
    scopes: Collection[str],
    jkt: str | None,
    session: Credential | None = None,
    *,
    resources: Sequence[str] = (),
) -> FamilyTerms:
    """Permissions and lifetimes of a login; with the scope ``offline_access`` it can refresh.

    Args:
        jkt: thumbprint of the key in the DPoP proof (RFC 9449 §5).
        session: with which a login without ``offline_access`` ends (OpenID Connect Core §11); None for none.
        resources: that its access tokens may be for (RFC 8707); empty for this site.
    """
    grant = TokenGrant(
        scopes=frozenset(scopes),
        client=str(client.id),
        jkt=jkt,
        roles=required_roles(client, user),
        audiences=tuple(resources),
    )
    lifetime = service.access_lifetime
    if OFFLINE in scopes:
        return FamilyTerms(grant, lifetime, service.refresh, app_name=client.name)
    if session is None:
        return FamilyTerms(grant, lifetime, RefreshLifetimes(None, lifetime), app_name=client.name)
    lifetime = min(lifetime, session.ends_at - now())
    return FamilyTerms(grant, lifetime, RefreshLifetimes(None, lifetime), app_name=client.name, sid=session.sid)


def issue_tokens(db: Session, service: TokenService, login: UserLogin, family: NewFamily) -> OAuthTokens:
    """The tokens of a family that has just begun; an ID token with the scope ``openid``."""
    token_request = TokenRequest(
        name=login.client.name,
        grant=msgspec.structs.replace(family.credential.grant or TokenGrant(), audiences=login.audiences),
        lifetime=min(service.access_lifetime, family.credential.expires_at - now()),
        origin="app",
        family_id=family.credential.id,
        event=Event.APP_LOGGED_IN,
    )
    issued = service.issuer.issue(db, login.user.id, token_request, login.proof)
    if OPENID in login.scopes and login.session_id is not None:
        app_sessions.register_login(db, login.client, login.user.id, login.session_id, family.credential.id)
    return OAuthTokens(issued, family.secret, id_token_beside(db, service, login, issued))


def id_token_beside(db: Session, service: TokenService, login: UserLogin, issued: IssuedToken) -> str | None:
    """The ID token of a response with this access token; None without the scope ``openid``."""
    if OPENID not in login.scopes:
        return None
    key = service.keys.signing_key(db, is_rs256=login.client.wants_rs256)
    return id_token_of(service, login, key, access_token=issued.token)


def id_token_of(service: TokenService, login: UserLogin, key: SigningKey, *, access_token: str | None = None) -> str:
    """The ID token of a login.

    Args:
        access_token: issued together with it.
    """
    proof = login.proof
    authentication = Authentication(login.client.id, login.session_id, proof.auth_time, proof.amr, login.nonce)
    roles = groups_of(login.client, login.roles)
    claims = claims_of(login.user, roles, login.scopes, login.client, service.issuer.hooks)
    return id_token(authentication, claims, issuer=service.issuer.url, key=key, access_token=access_token)
