"""excluding(): the restrictions of a token that exclude the request with which it rotates itself."""

from typing import Literal

from webapp.guard.token_grant import TokenGrant

SCOPE, METHOD, RULE = "self:rotate", "POST", "/tokens/self/rotate"


def excluding(grant: TokenGrant) -> list[Literal["methods", "resources"]]:
    """The restrictions of a token that exclude its own rotation request, which would fail unattended before its expiry.

    Returns:
        Empty also for a token without the scope, which does not rotate itself.
    """
    if SCOPE not in grant.scopes:
        return []
    found: list[Literal["methods", "resources"]] = []
    if grant.methods and METHOD not in grant.methods:
        found.append("methods")
    if grant.resources and RULE not in grant.resources:
        found.append("resources")
    return found
