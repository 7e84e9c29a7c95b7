"""/oauth/userinfo: what an app may know of the user whose access token it has (OpenID Connect Core §5.3)."""

from flask.typing import ResponseReturnValue

from webapp.accounts import user_queries
from webapp.guard import Principal, require
from webapp.oauth.claims import claims_of
from webapp.oauth.scopes import OPENID
from webapp.oauth.views.blueprint import bp, oauth_error
from webapp.web.bearer import realm
from webapp.web.known_fields import reads
from webapp.web.negotiation import as_json
from webapp.web.transaction import database


@bp.get("/oauth/userinfo")
@require(scope="", cookies=False)
@reads(others=True)
def userinfo(principal: Principal) -> ResponseReturnValue:
    """Claims of the user, by the scopes of the token."""
    return claims_response(principal)


@bp.post("/oauth/userinfo")
@require(scope="", cookies=False)
@reads(others=True)
def userinfo_by_form(principal: Principal) -> ResponseReturnValue:
    """The same for clients that use POST (OpenID Connect Core §5.3.1)."""
    return claims_response(principal)


def claims_response(principal: Principal) -> ResponseReturnValue:
    if OPENID not in principal.scopes:
        challenge = f'{realm()}, error="insufficient_scope", scope="{OPENID}"'
        return oauth_error(
            "insufficient_scope", "the token has no scope openid", status=403, headers={"WWW-Authenticate": challenge}
        )
    with database().read() as db:
        user = user_queries.by_id(db, principal.user_id)
        if user is None:
            raise LookupError(principal.user_id)
        return as_json(claims_of(user, principal.roles, principal.scopes))
