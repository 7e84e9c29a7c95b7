"""/api/auth/exchange: exchange an API token for one that another service accepts (RFC 8693)."""

import msgspec
from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from webapp.audit.log import Event, record
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.guard.form_token import principal_of_form_token
from webapp.guard.require import public_to_scripts
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.login.views.api.blueprint import bp, form_problem
from webapp.login.views.api.forms import ExchangeForm
from webapp.login.views.login_errors import throttled
from webapp.tokens.exchange import AudienceUnknown, ExchangeTooWide, TokenExchange, TokenExchangeResult
from webapp.verify import read
from webapp.web.api_schema import responds
from webapp.web.bearer import presented
from webapp.web.body import submitted
from webapp.web.form import errors_of
from webapp.web.negotiation import as_json
from webapp.web.problem_kinds import kind_of
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import db


class ExchangedToken(msgspec.Struct, frozen=True):
    """Response of RFC 8693 §2.2.1."""

    access_token: str
    issued_token_type: str
    token_type: str
    expires_in: int
    """In seconds."""
    scope: str


@bp.post("/api/auth/exchange")
@public_to_scripts
@responds(ExchangedToken, form=ExchangeForm, refuses=(401, 403, 429))
def exchange() -> ResponseReturnValue:
    """Exchange an API token for one that another service accepts, for at most 15 minutes.

    The API token is sent in the header or in the form. The new token has no more scopes, expires no later and names the
    API token as `act`. With the scope `roles:share` it has the roles of its owner. This site does not accept it. The
    services are configured by the operator.
    """
    refuse_several_targets()
    form = ExchangeForm()
    if not form.validate_on_submit():
        raise form_problem(errors_of(form), error=error_of(form))
    exchanger = service(TokenExchange)
    if not exchanger.audiences:
        raise exchange_problem(
            "invalid_target", _("Token exchange is not set up"), _("WEBAPP_EXCHANGE_AUDIENCES names no service.")
        )
    principal = subject(form.subject_token.data)
    if principal.grant is not None and principal.grant.client is not None:
        # Of an app that the user allowed to log them in here, not at other services.
        raise exchange_problem(
            "invalid_request", _("This token cannot be exchanged"), _("It belongs to an app. Use a token of your own.")
        )
    if principal.grant is not None and principal.grant.is_bounded:
        raise key_bound_token_refused()
    token = presented_token()
    exchanged = exchanged_by(exchanger, principal, token, form)
    record(
        db(),
        Event.TOKEN_EXCHANGED,
        user_id=principal.user_id,
        credential_id=principal.credential_id,
        audience=form.target,
        scopes=sorted(exchanged.scopes),
        made=exchanged.id.hex,
    )
    is_bound = principal.grant is not None and principal.grant.jkt is not None
    return as_json(
        ExchangedToken(
            access_token=exchanged.token,
            issued_token_type=form.requested_token_type.data or form.ACCESS_TOKEN,
            token_type="DPoP" if is_bound else "Bearer",
            expires_in=int(exchanged.lifetime.total_seconds()),
            scope=" ".join(sorted(exchanged.scopes)),
        )
    )


def refuse_several_targets() -> None:
    """``audience`` and ``resource`` may be repeated (RFC 8693 §2.1), but a token here is for one service.

    Raises:
        Problem: 400 ``invalid_target`` (§2.2.2).
    """
    for name in ("audience", "resource"):
        if len(submitted().getlist(name)) > 1:
            detail = _("%(name)s was sent more than once. Request one token for each service.", name=name)
            raise exchange_problem("invalid_target", _("More than one service was named"), detail)


def error_of(form: ExchangeForm) -> str:
    """The error code of RFC 6749 §5.2 or RFC 8693 §2.2.2 for the first invalid field."""
    if "grant_type" in form.errors:
        return "unsupported_grant_type"
    return "invalid_target" if "resource" in form.errors else "invalid_request"


def subject(token: str | None) -> Principal:
    """The principal of the API token, authenticated by the guard wherever the token was sent."""
    invalid_token_limit = service(InvalidTokenLimit)
    if too_many := invalid_token_limit.too_many(request.remote_addr):
        raise throttled(too_many.retry_after)
    try:
        return principal_of_form_token(token)
    except HTTPException:
        invalid_token_limit.count(request.remote_addr)
        raise


def presented_token() -> str:
    found = presented()
    return (found.token or "") if found else ""


def exchanged_by(exchanger: TokenExchange, principal: Principal, token: str, form: ExchangeForm) -> TokenExchangeResult:
    requested = frozenset((form.scope.data or "").split())
    try:
        return exchanger.make(principal, read(token)[1]["jti"], form.target, requested)
    except AudienceUnknown as error:
        field = "audience" if form.audience.data else "resource"
        raise form_problem(
            {field: [_("This site issues no tokens for that service.")]}, error="invalid_target"
        ) from error
    except ExchangeTooWide as error:
        raise form_problem(
            {"scope": [_("The token does not have these scopes: %(scopes)s.", scopes=error)]}, error="invalid_scope"
        ) from error


def exchange_problem(error: str, title: str, detail: str) -> Problem:
    return Problem(400, title, _("%(detail)s No token was issued.", detail=detail), extra={"error": error})


def key_bound_token_refused() -> Problem:
    kind = kind_of("token_limited")
    detail = _(
        "This token is restricted to networks, IP addresses or methods, which another service cannot check. "
        "Use one without these restrictions."
    )
    return Problem(403, kind.title, detail, code="token_limited")
