"""A token that a form carries in the header's place: asked for all that is asked of one in the header."""

from flask import abort, g, request

from webapp.guard import doorkeeper
from webapp.guard.policy import Requirement
from webapp.guard.principal import Principal
from webapp.web.bearer import presented
from webapp.web.behind import behind

# Whatever it may: what it is wanted for is judged by whoever wants it.
ANY_TOKEN = Requirement(scope="", reads_cookies=False)


def carried(token: str | None) -> Principal:
    """Whose token it is, in the form or in the header; whoever brings none, or none that holds, is answered here."""
    if token and presented() is None:
        scheme = "DPoP" if "HTTP_DPOP" in request.environ else "Bearer"
        request.environ["HTTP_AUTHORIZATION"] = f"{scheme} {token}"
    if (refusal := doorkeeper.judge(behind(request), ANY_TOKEN)) is not None:
        abort(refusal)
    found: Principal = g.principal
    return found
