"""/api/auth/logout: revoke a token in a cookie. The route exists only if tokens in cookies are enabled."""

from uuid import UUID

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from webapp.guard.login_manager import Authenticators
from webapp.guard.principal import NotAccepted
from webapp.guard.require import public_to_scripts
from webapp.tokens import lifecycle, refresh_families
from webapp.web import csrf, token_cookie
from webapp.web.api_schema import responds
from webapp.web.registry import service
from webapp.web.transaction import db

bp = Blueprint("token_cookie", __name__)


@bp.post("/api/auth/logout")
@public_to_scripts
@responds(None, status=204, refuses=(403,))
def leave() -> ResponseReturnValue:
    """Revoke the token in the cookie and delete the cookie. Needs `X-CSRF-Token`, as every change with it does."""
    if (token := token_cookie.presented_token()) is not None:
        end(token)
    return token_cookie.delete_cookies(Response(status=204))


def end(token: str) -> None:
    authenticators = service(Authenticators)
    try:
        claim = authenticators.by_token(token)
    except NotAccepted:
        return
    token_id = UUID(claim.key)
    csrf.check_double_submit(token_cookie.csrf_name(), token_cookie.csrf_values(token_id))
    if (user_id := lifecycle.owner_of(db(), token_id)) is None:
        return
    found = lifecycle.find(db(), user_id, token_id)
    if found is not None and found.credential.family_id is not None:
        refresh_families.end_own(db(), user_id, found.credential.family_id)
    else:
        lifecycle.revoke(db(), user_id, token_id)
