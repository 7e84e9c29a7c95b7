"""The authorization code grant at the token endpoint (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3)."""

from sqlalchemy.orm import Session

from webapp.accounts import user_lookup
from webapp.credentials import sids
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.oauth import codes, resources
from webapp.oauth.grants.token_service import INVALID_TARGET, GrantRefused, OAuthTokens, TokenService, may_use
from webapp.oauth.grants.user_login import UserLogin, family_terms, issue_tokens
from webapp.oauth.models import OAuthClient
from webapp.oauth.policies import is_proven
from webapp.tokens import refresh_families
from webapp.tokens.refresh_families import ScriptClient


def exchange(
    db: Session,
    service: TokenService,
    client: OAuthClient,
    redemption: codes.Redemption,
    caller: ScriptClient,
) -> OAuthTokens | GrantRefused:
    """Exchange a code for tokens. A refusal is returned, because what it wrote has to be committed."""
    waiting = codes.unused(db, client, redemption.code)
    audience = (
        resources.audience(waiting.resources, redemption.resources, client, own=service.issuer.url) if waiting else ()
    )
    if audience is None:
        # Before the code is used up, so that the client can repeat the request with one resource.
        return INVALID_TARGET
    code = codes.redeem(db, client, redemption)
    if code is None:
        return GrantRefused(
            "invalid_grant", "the code is invalid, expired or used, or redirect_uri, verifier or key differ"
        )
    user, roles = user_lookup.with_roles(db, code.user_id)
    if user is None or not may_use(user, roles, client) or not is_proven(client, code.amr):
        return GrantRefused("invalid_grant", "its user may not log in")
    session = sids.locked_session(db, code.session_id)
    if session is None:
        return GrantRefused("invalid_grant", "its session has ended")
    proof = AuthenticationProof(code.auth_time, code.amr)
    terms = family_terms(service, client, user, code.scopes, redemption.jkt, session, resources=code.resources)
    family = refresh_families.begin(db, user.id, terms, caller, proof)
    codes.note_grant(db, code, family.credential.id)
    login = UserLogin(client, user, roles, code.scopes, code.session_id, proof, code.nonce, audience)
    return issue_tokens(db, service, login, family)
