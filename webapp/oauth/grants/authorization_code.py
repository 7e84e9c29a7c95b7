"""The authorization code grant at the token endpoint (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3)."""

from dataclasses import replace

from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.accounts.roles import included_in
from webapp.audit.log import Event
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard.token_grant import TokenGrant
from webapp.oauth import codes
from webapp.oauth.claims import claims_of
from webapp.oauth.grants.granted import Granted, GrantRefused, TokenService, may_use
from webapp.oauth.id_token import Authentication, id_token
from webapp.oauth.models import AuthorizationCode, OAuthClient
from webapp.oauth.scopes import OFFLINE, OPENID
from webapp.tokens import refresh_families
from webapp.tokens.issuing import TokenRequest
from webapp.tokens.refresh_families import FamilyTerms, RefreshLifetimes, ScriptClient


def exchange(
    db: Session,
    service: TokenService,
    client: OAuthClient,
    shown: codes.Redemption,
    caller: ScriptClient,
    *,
    jkt: str | None = None,
) -> Granted | GrantRefused:
    """Exchange a code for tokens. A refusal is returned, because what it wrote has to be committed.

    Args:
        jkt: thumbprint of the key in the DPoP proof (RFC 9449 §5).
    """
    code = codes.redeem(db, client, shown)
    if code is None:
        return GrantRefused("invalid_grant", "the code is invalid, expired or used, or redirect_uri or verifier differ")
    user = user_queries.by_id(db, code.user_id)
    if user is None or not may_use(db, user, client):
        return GrantRefused("invalid_grant", "its user may not log in")
    return grant(db, service, client, code, user, caller, jkt)


def grant(
    db: Session,
    service: TokenService,
    client: OAuthClient,
    code: AuthorizationCode,
    user: User,
    caller: ScriptClient,
    jkt: str | None,
) -> Granted:
    authority = TokenGrant(scopes=frozenset(code.scopes), client=str(client.id), jkt=jkt)
    lasts = service.refresh if OFFLINE in code.scopes else RefreshLifetimes(None, service.access_lifetime)
    terms = FamilyTerms(authority, service.access_lifetime, lasts, app_name=client.name)
    proof = AuthenticationProof(code.auth_time, code.amr)
    family = refresh_families.begin(db, user.id, terms, caller, proof)
    code.grant_id = family.credential.id
    wish = TokenRequest(
        name=client.name,
        authority=authority,
        lifetime=service.access_lifetime,
        origin="app",
        family_id=family.credential.id,
        event=Event.APP_LOGGED_IN,
    )
    issued = service.issuer.issue(db, user.id, wish, proof)
    granted = Granted(issued, family.secret)
    if OPENID not in code.scopes:
        return granted
    about = Authentication(client.id, code.session_id, code.auth_time, code.amr, code.nonce)
    claims = claims_of(user, included_in(db, user.role), code.scopes)
    signed = id_token(about, claims, issuer=service.issuer.url, ring=service.ring, access_token=issued.token)
    return replace(granted, id_token=signed)
