"""issue_token(): an app issues an API token to the logged-in user, with its own claims."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard.assurance import Demands
from webapp.guard.enforce import enforce
from webapp.guard.policy import Requirement
from webapp.guard.token_grant import TokenGrant
from webapp.settings import Settings
from webapp.tokens.claims import checked_headers
from webapp.tokens.issuing import IssuedToken, TokenIssuer, TokenRequest
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.owner_notifier import OwnerNotifier
from webapp.tokens.scopes import Catalogue
from webapp.tokens.token_names import checked_name
from webapp.web.registry import service
from webapp.web.transaction import db

FRESH = timedelta(minutes=10)


def issue_token(
    *,
    name: str,
    scopes: Iterable[str],
    lifetime: timedelta,
    claims: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> IssuedToken:
    """Issue an API token to the caller in the transaction of the request; they are mailed as for any new token.

    As on the token page, the caller needs a session that was confirmed in the last 10 minutes, and the second factor
    that a scope demands; a request without ends as ``enforce`` ends it.

    Args:
        name: 3 to 50 characters, another than those of the caller's live tokens.
        scopes: which the roles of the caller allow.
        claims: of this token alone: JSON, not registered names, 1024 bytes together with those of ``adds_claims``. A
            token that replaces it does not have them.
        headers: of this token alone: at most 5 texts, named ``x-...``. Nothing here reads them.

    Returns:
        Its ``token`` is shown once and not stored.

    Raises:
        InvalidTokenName, TokenNameTaken, TooManyTokens, ScopeNotHeld, InvalidClaims
        ValueError: the lifetime is longer than ``WEBAPP_TOKEN_LIFETIME_MAX``.
    """
    longest = service(Settings).token_lifetime_max
    if not timedelta() < lifetime <= longest:
        raise ValueError(f"a token lives at most {longest}, not {lifetime}")
    principal = enforce(Requirement(session=True, fresh_within=FRESH))
    catalogue = service(Catalogue).for_user(db(), principal.user_id)
    granted = catalogue.check(scopes, principal.roles)
    enforce(Requirement(session=True, level=catalogue.level_for(granted, service(Demands))))
    token_request = TokenRequest(
        name=checked_name(name),
        grant=TokenGrant(scopes=granted),
        lifetime=lifetime,
        origin="app",
        claims=claims or {},
        headers=checked_headers(headers or {}),
    )
    issuer, proof = service(TokenIssuer), AuthenticationProof(principal.auth_time, principal.amr)
    issued = issuer.issue(db(), principal.user_id, token_request, proof)
    service(OwnerNotifier)(db(), "token_minted", TokenRow(issued.entry, issued.credential))
    return issued
