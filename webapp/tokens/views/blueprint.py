"""The blueprint of the API-token page, and what its views share."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app

from webapp.core.clock import now
from webapp.core.translation import _, _l
from webapp.guard import Principal, resource, unauthenticated
from webapp.guard.assurance import Demands, level_of
from webapp.guard.policy import Decision, Requirement
from webapp.tokens import lifecycle, token_list
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.owner_notifier import OwnerNotifier
from webapp.tokens.scopes import Catalogue
from webapp.tokens.token_list import Token
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import db

bp = Blueprint("tokens", __name__)
# Maximum age of the last authentication for creating a token or widening one.
FRESH = timedelta(minutes=10)
resource(
    "tokens",
    _l("API tokens"),
    reads=_l("List your tokens and their history, but not the tokens themselves."),
    introspect=_l("Check whether a token is still valid (RFC 7662)."),
)
resource("self", _l("This token"), rotate=_l("Rotate itself, so that a job can renew its own token."))


def token_or_404(user_id: UUID, token_id: UUID) -> TokenRow:
    """A token of this user.

    Raises:
        Problem: 404 if there is none, or it is another user's.
    """
    row = lifecycle.find(db(), user_id, token_id)
    if row is None:
        raise Problem(404, _("Token not found"), _("It does not exist or is not yours."))
    return row


def token_by_id(user_id: UUID, token_id: UUID) -> Token:
    """A token of this user, as lists show it."""
    return token_list.describe_all(db(), [token_or_404(user_id, token_id)], now())[0]


def form_arguments(principal: Principal) -> dict[str, Any]:
    """Arguments of token forms that depend on the user: catalogue and roles."""
    return {"catalogue": catalogue(principal.user_id), "roles": principal.roles}


def policy() -> dict[str, Any]:
    """Limits on the lifetime of tokens on this site."""
    config = current_app.config
    return {"longest": config["TOKEN_LIFETIME_MAX"], "may_never_end": config["TOKEN_NEVER_EXPIRES"]}


def refuse_unless_strong(principal: Principal, scopes: Iterable[str]) -> Response | None:
    """The step-up response, if the scopes require a stronger authentication than the caller's; otherwise None."""
    required_level = catalogue().level_for(scopes, service(Demands))
    if required_level <= level_of(principal.amr):
        return None
    return unauthenticated.denied(
        principal, Requirement(session=True, fresh_within=FRESH, level=required_level), Decision.RAISE
    )


def tell_owner(kind: str, row: TokenRow, *, origin: str = "owner", successor_id: UUID | None = None) -> None:
    """Mail the owner of a token about a change, in the transaction of the change."""
    notify_owner = service(OwnerNotifier)
    notify_owner(db(), kind, row, origin=origin, successor_id=successor_id)


def catalogue(user_id: UUID | None = None) -> Catalogue:
    """All scopes, also those of apps.

    Args:
        user_id: who is to grant them; None to describe scopes.
    """
    return service(Catalogue).for_user(db(), user_id)


def issuer() -> TokenIssuer:
    return service(TokenIssuer)
