"""A token that a form carries in the header's place: asked for all that is asked of one in the header."""

from flask import abort, g, request

from webapp.core.translation import _
from webapp.guard import request_guard
from webapp.guard.policy import Requirement
from webapp.guard.principal import Principal
from webapp.web.bearer import PRESENTED, Presented, presented, token_or_none
from webapp.web.problems import Problem
from webapp.web.unproxied import unproxied

# Whatever it may: what it is wanted for is judged by whoever wants it.
ANY_TOKEN = Requirement(scope="", reads_cookies=False)


def carried(token: str | None) -> Principal:
    """Whose token it is, in the form or in the header; whoever brings none, or none that holds, is answered here.

    Raises:
        Problem: 400, the header brings another.
    """
    if token:
        require_sole_credential(token)
        if presented() is None:
            # In the place of what the header says: of another scheme, it was read before and brought nothing.
            request.environ[PRESENTED] = Presented(token_or_none(token), is_dpop="HTTP_DPOP" in request.environ)
    if (refusal := request_guard.refusal_for(unproxied(request), ANY_TOKEN)) is not None:
        abort(refusal)
    found: Principal = g.principal
    return found


def require_sole_credential(credential: str) -> None:
    """Refuse another credential in the header than the form carries (RFC 6749 §5.2, RFC 6750 §2).

    The same token in both places is one credential. Schemes other than Bearer, DPoP and Basic bring none.

    Raises:
        Problem: 400 ``invalid_request``.
    """
    shown = presented()
    if shown is not None and shown.token != credential:
        raise Problem(
            400,
            _("Two credentials were sent"),
            _("The Authorization header and the form have different tokens. Send only one. Nothing was changed."),
            extra={"error": "invalid_request"},
        )
