"""Whether a user may give an app access: what the login must have proved, and the page for users who may not use it."""

from collections.abc import Collection

from flask import request, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.guard import Principal, request_guard
from webapp.guard.assurance import Demands, Level
from webapp.guard.policy import Requirement
from webapp.oauth.models import OAuthClient
from webapp.oauth.policies import demanded_level
from webapp.oauth.views.blueprint import token_service
from webapp.web.problems import Action, Problem
from webapp.web.registry import service
from webapp.web.unproxied import unproxied


def unmet_demands(client: OAuthClient, scopes: Collection[str], least: Level = Level.ONE) -> ResponseReturnValue | None:
    """The way to the factor that settings or the app demand, or to reopening a closed account; None if neither.

    Args:
        least: level that the request itself demands.
    """
    level = max(token_service().catalogue.level_for(scopes, service(Demands)), demanded_level(client), least)
    return request_guard.refusal_for(unproxied(request), Requirement(session=True, level=level))


def no_access(client: OAuthClient, principal: Principal) -> Problem:
    """The page for a user who may not use an app."""
    return Problem(
        403,
        _("You cannot use %(app)s", app=client.name),
        _(
            "You are logged in as %(username)s, and this account does not have access to the app. Ask an "
            "administrator of this site, or "
            "log out and log in with another account.",
            username=principal.username,
        ),
        actions=(Action(_("Back to the dashboard"), url_for("dashboard.show")),),
    )
