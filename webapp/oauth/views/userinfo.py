"""/oauth/userinfo: what an app may know of the user whose access token it has (OpenID Connect Core §5.3)."""

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from webapp.core import jwt
from webapp.guard import Principal, require
from webapp.guard.form_token import principal_of_form_token
from webapp.guard.require import public_to_scripts
from webapp.oauth.id_token import TYP
from webapp.oauth.models import OAuthClient
from webapp.oauth.scopes import OPENID
from webapp.oauth.userinfo_lookup import userinfo_of
from webapp.oauth.views.blueprint import bp, issuer, oauth_error, token_service
from webapp.web.bearer import realm
from webapp.web.known_fields import reads
from webapp.web.negotiation import QuickResponse
from webapp.web.transaction import database


@bp.get("/oauth/userinfo")
@require(scope="", cookies=False)
@reads(others=True)
def userinfo(principal: Principal) -> ResponseReturnValue:
    """Claims of the user, by the scopes of the token."""
    return claims_response(principal)


@bp.post("/oauth/userinfo")
@public_to_scripts
@reads(others=True)
def userinfo_by_form() -> ResponseReturnValue:
    """The same for clients that use POST. The token may be in the form as `access_token`, instead of the header."""
    # OpenID Connect Core §5.3.1, RFC 6750 §2.2. Two tokens in one form make none.
    return claims_response(principal_of_form_token(",".join(request.form.getlist("access_token"))))


def claims_response(principal: Principal) -> ResponseReturnValue:
    if OPENID not in principal.scopes:
        challenge = f'{realm()}, error="insufficient_scope", scope="{OPENID}"'
        return oauth_error(
            "insufficient_scope", "the token has no scope openid", status=403, headers={"WWW-Authenticate": challenge}
        )
    try:
        found = userinfo_of(database(), principal, token_service().issuer.hooks)
    except LookupError:
        # Removed since the guard has read the credential.
        headers = {"WWW-Authenticate": f'{realm()}, error="invalid_token"'}
        return oauth_error("invalid_token", "the user does not exist any more", status=401, headers=headers)
    if found.client is not None and found.client.signs_userinfo:
        return signed(found.claims, found.client)
    return QuickResponse(found.body, content_type="application/json")


def signed(claims: dict[str, Any], client: OAuthClient) -> Response:
    """The claims as a signed JWT (OpenID Connect Core §5.3.2)."""
    key = token_service().keys.ring(is_rs256=client.wants_rs256).current()
    all_claims = claims | {"iss": issuer(), "aud": str(client.id)}
    return Response(jwt.sign(all_claims, typ=TYP, key=key), content_type="application/jwt")
