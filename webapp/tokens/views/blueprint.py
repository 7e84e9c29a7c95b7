"""The blueprint of the API-token page, and what its doors share."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app

from webapp.guard import Principal, resource
from webapp.kernel.clock import now
from webapp.tokens import lifecycle, listing
from webapp.tokens.lifecycle import Issuer
from webapp.tokens.listing import Token
from webapp.tokens.scopes import Catalogue
from webapp.web.problems import Problem
from webapp.web.transaction import db

bp = Blueprint("tokens", __name__)
resource(
    "tokens",
    "API tokens",
    reads="List your tokens and what happened to each; never the tokens themselves.",
    introspect="Ask whether a token that somebody brought still stands (RFC 7662).",
)
resource("self", "This token itself", rotate="Exchange itself for its successor, so that a job can renew it.")


def described(user_id: UUID, token_id: UUID) -> Token:
    """A token of this user; what belongs to another is not there either."""
    found = lifecycle.find(db(), user_id, token_id)
    if found is None:
        raise Problem(404, "There is no such token", "It was never made, or it is not yours.")
    return listing.described(db(), [found], now())[0]


def world(principal: Principal) -> dict[str, Any]:
    longest: timedelta = current_app.config["TOKEN_LIFETIME_MAX"]
    return {"catalogue": catalogue(), "roles": principal.roles, "longest": longest}


def catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["catalogue"]
    return found


def issuer() -> Issuer:
    found: Issuer = current_app.extensions["issuer"]
    return found
