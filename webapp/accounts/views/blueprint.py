"""The blueprint of the account pages, and what they share."""

from datetime import timedelta

from flask import Blueprint

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.core.translation import _, _l
from webapp.guard import Principal, resource
from webapp.web.problems import Problem
from webapp.web.transaction import db

bp = Blueprint("account", __name__)
resource(
    "profile",
    _l("Your profile"),
    reads=_l("Read your name, your sessions, your activity and your dashboard."),
)

FRESH = timedelta(minutes=10)


def me(principal: Principal) -> User:
    """The user who makes the request.

    Raises:
        Problem: 404 if the account was deleted meanwhile.
    """
    user = user_queries.by_id(db(), principal.user_id)
    if user is None:
        raise Problem(404, _("Account not found"))
    return user
