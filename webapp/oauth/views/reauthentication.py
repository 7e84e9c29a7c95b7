"""The way to the login, or to another proof of identity, that an authorization request demands or prefers."""

from datetime import timedelta

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.guard import Principal
from webapp.guard.assurance import Level, level_of
from webapp.guard.unauthenticated import CONFIRM, LOGIN, ConfirmMethods
from webapp.login.views.confirm import DECLINED
from webapp.oauth.policies import demanded_level
from webapp.oauth.prompts import PromptStamp
from webapp.oauth.request_errors import RequestRefused
from webapp.oauth.request_rules import AuthorizationRequest
from webapp.web.registry import service


def log_in_first(auth_request: AuthorizationRequest, query: str) -> ResponseReturnValue:
    """The way to the login page. A login is also the new proof that ``prompt=login`` or ``max_age`` demands.

    Raises:
        RequestRefused: with ``prompt=none``.
    """
    if "none" in auth_request.prompts:
        raise RequestRefused("login_required", "nobody is logged in")
    return redirect(url_for(LOGIN, next=back_to(query)), 303)


def log_in_again(auth_request: AuthorizationRequest, query: str, principal: Principal) -> ResponseReturnValue | None:
    """The way to another proof of identity; None if none is needed.

    Raises:
        RequestRefused: with ``prompt=none``, if one is demanded. A level that is only preferred is left out then.
    """
    is_demanded = needs_new_proof(auth_request, query.removesuffix(DECLINED), principal)
    if "none" in auth_request.prompts:
        if is_demanded:
            raise RequestRefused("login_required", "the last authentication is too old")
        return None
    level = None if query.endswith(DECLINED) else preferred_level(auth_request, principal)
    if not is_demanded and level is None:
        return None
    optional = 1 if level is not None and level > demanded_level(auth_request.client) else None
    return redirect(url_for(CONFIRM, next=back_to(query), acr=level.acr if level else None, optional=optional), 303)


def needs_new_proof(auth_request: AuthorizationRequest, query: str, principal: Principal) -> bool:
    """Whether the last proof of identity is older than ``prompt=login`` or ``max_age`` allows."""
    moment = now()
    since = service(PromptStamp).read(query, moment)
    if since is not None and principal.auth_time >= since:
        return False
    is_old = auth_request.max_age is not None and moment - principal.auth_time >= timedelta(
        seconds=auth_request.max_age
    )
    return "login" in auth_request.prompts or is_old


def preferred_level(auth_request: AuthorizationRequest, principal: Principal) -> Level | None:
    """The level to step up to, as ``acr_values`` is voluntary (OpenID Connect Core §3.1.2.1).

    The first of the values that the session or a factor of the user can reach. None if the session reaches it, or if
    the app demands a higher level anyway.
    """
    reached, find_methods = level_of(principal.amr), service(ConfirmMethods)
    # Each step-up reaches its level, so that the same request does not come to a step-up again.
    level = next(
        (one for one in auth_request.preferred_levels if one <= reached or find_methods(principal, one)), Level.ONE
    )
    return level if level > reached and level >= demanded_level(auth_request.client) else None


def back_to(query: str) -> str:
    """Path and query of a request, with the time at which it first came."""
    return f"{url_for('oauth.authorize')}?{service(PromptStamp).added_to(query.removesuffix(DECLINED), now())}"
