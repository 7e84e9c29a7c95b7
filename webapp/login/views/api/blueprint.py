"""The blueprint of /api/auth, and what its doors share."""

from flask import Blueprint, current_app

from webapp.tokens.lifecycle import Issuer
from webapp.tokens.scopes import Catalogue
from webapp.web.problems import Problem

bp = Blueprint("api_auth", __name__)


def issuer() -> Issuer:
    found: Issuer = current_app.extensions["issuer"]
    return found


def catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["catalogue"]
    return found


def unfit(errors: dict[str, list[str]]) -> Problem:
    # 400 and not 422: what is missing here is what makes it a request at all (RFC 6749 §5.2).
    return Problem(400, "This could not be read", "Each field that does not fit says why.", extra={"errors": errors})
