"""/api/auth/refresh: exchange a refresh token. No cookie is read; the token is the only credential."""

from flask import request
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.guard.form_token import require_sole_credential
from webapp.guard.require import public_to_scripts
from webapp.login.flow import Throttled
from webapp.login.refresh_grant import RefreshDenied, RefreshGrant, ScopesTooWide
from webapp.login.views.api.blueprint import AccessToken, bp, catalogue, form_problem, token_response
from webapp.login.views.api.forms import RefreshForm
from webapp.login.views.login_errors import throttled
from webapp.web import dpop
from webapp.web.api_schema import responds
from webapp.web.bearer import realm
from webapp.web.form import errors_of
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import kind_of
from webapp.web.problems import Problem
from webapp.web.registry import service


@bp.post("/api/auth/refresh")
@public_to_scripts
@responds(AccessToken, form=RefreshForm, refuses=(401, 429))
def refresh() -> ResponseReturnValue:
    """Exchange a refresh token for an access token and the next refresh token.

    Each refresh token works once. If requests are sent in parallel or a response is lost, the same token gets the same
    successor again, any number of times within 30 seconds (`WEBAPP_REFRESH_OVERLAP`). If it is sent later, or is more
    than one older than the last one used, the whole login ends. Earlier access tokens expire after the same time. More
    than 60 refreshes of one login in 10 minutes are answered with 429. A login that is bound to a key needs a proof of
    that key in the header `DPoP`.
    """
    form = RefreshForm()
    if not form.validate_on_submit():
        raise form_problem(errors_of(form))
    require_sole_credential(form.refresh_token.data or "")
    renewal = service(RefreshGrant)
    requested, proof = (form.scope.data or "").split(), dpop.presented_proof()
    if too_many := renewal.invalid_token_limit.too_many(request.remote_addr):
        raise throttled(too_many.retry_after)
    jkt = dpop.spend(proof)
    outcome = renewal.begin(form.refresh_token.data or "", requested, catalogue(), request.remote_addr, jkt=jkt)
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if isinstance(outcome, ScopesTooWide):
        raise form_problem({"scope": [too_wide(outcome)]}, error="invalid_scope")
    if isinstance(outcome, RefreshDenied):
        raise denied(outcome.code)
    return token_response(outcome)


def too_wide(outcome: ScopesTooWide) -> str:
    if outcome.scopes:
        return _("Not part of this login: %(scopes)s.", scopes=", ".join(outcome.scopes))
    return _("The owner of this login no longer has any of its scopes.")


def denied(code: ProblemCode) -> Problem:
    kind = kind_of(code)
    headers = {"WWW-Authenticate": realm()}
    return Problem(kind.status, kind.title, kind.detail, code=code, headers=headers)
