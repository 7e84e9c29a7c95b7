"""principal_of_form_token(): authenticates a token in a form instead of the header, with the same checks."""

from flask import abort, g, request

from webapp.core.translation import _
from webapp.guard import request_guard
from webapp.guard.policy import Requirement
from webapp.guard.principal import Principal
from webapp.web.bearer import PRESENTED, PresentedToken, presented, token_or_none
from webapp.web.problems import Problem
from webapp.web.unproxied import unproxied

# Any token is accepted here; the caller checks what it may be used for.
ANY_TOKEN = Requirement(scope="", reads_cookies=False)


def principal_of_form_token(token: str | None) -> Principal:
    """The principal of the token in the form or header. Aborts with the guard's response if there is no valid one.

    Raises:
        Problem: 400, form and header have different tokens.
    """
    if token:
        require_sole_credential(token)
        if presented() is None:
            # Overwrites the cached result for the header, which had no token.
            request.environ[PRESENTED] = PresentedToken(token_or_none(token), is_dpop="HTTP_DPOP" in request.environ)
    if (refusal := request_guard.refusal_for(unproxied(request), ANY_TOKEN)) is not None:
        abort(refusal)
    found: Principal = g.principal
    return found


def require_sole_credential(credential: str) -> None:
    """Refuse a request whose header and form have different credentials (RFC 6749 §5.2, RFC 6750 §2).

    The same token in both is allowed. Schemes other than Bearer, DPoP and Basic are ignored.

    Raises:
        Problem: 400 ``invalid_request``.
    """
    presented_token = presented()
    if presented_token is not None and presented_token.token != credential:
        raise Problem(
            400,
            _("Two credentials were sent"),
            _("The Authorization header and the form have different tokens. Send only one. Nothing was changed."),
            extra={"error": "invalid_request"},
        )
