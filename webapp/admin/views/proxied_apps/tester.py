"""/admin/proxied-apps/ID/test: what the rules of an app decide about a request of a user or token."""

from typing import Annotated
from uuid import UUID

import msgspec
from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.admin.views.permissions import admin_read
from webapp.admin.views.proxied_apps.blueprint import app_of, bp
from webapp.core.former_names import renamed
from webapp.core.translation import _
from webapp.forward_auth import rule_test
from webapp.forward_auth.checks import ForwardAuth
from webapp.forward_auth.models import ProxiedApp
from webapp.forward_auth.rule_test import InvalidTestRequest, RuleTest, RuleTestOutcome
from webapp.web.api_schema import responds
from webapp.web.negotiation import show, wants_page
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.registry import service
from webapp.web.transaction import db

NO_NUL = r"^[^\x00]*$"


@renamed(address="ip_address")
class RuleTestQuery(msgspec.Struct, frozen=True):
    url: Annotated[str, msgspec.Meta(max_length=2000, pattern=NO_NUL, description="URL or path at the app.")] = ""
    method: Annotated[str, msgspec.Meta(max_length=40, pattern=NO_NUL)] = "GET"
    person: Annotated[
        str,
        msgspec.Meta(max_length=320, pattern=NO_NUL, description="User name or e-mail address; empty for nobody."),
    ] = ""
    token: Annotated[
        str, msgspec.Meta(max_length=200, pattern=NO_NUL, description="ID of a token, or its name with its owner.")
    ] = ""
    login: Annotated[
        str,
        msgspec.Meta(pattern="^(aal2|phr)?$", description="What the login of the user has reached: `aal2` or `phr`."),
    ] = ""
    ip_address: Annotated[
        str, msgspec.Meta(max_length=45, pattern=NO_NUL, description="IP address, for rules with networks.")
    ] = ""


@bp.get("/admin/proxied-apps/<uuid:app_id>/test")
@admin_read()
@responds(RuleTestOutcome, query=RuleTestQuery, refuses=(404, 422))
def test(app_id: UUID) -> ResponseReturnValue:
    """What would be decided about a request of a user or token, by which rule, and why. Nothing is stored or sent."""
    row, query = app_of(app_id), parse_query(RuleTestQuery)
    outcome, error = None, ""
    try:
        if query.url or not wants_page():
            outcome = tried(row, query)
    except InvalidTestRequest as invalid:
        error = str(invalid)
    if outcome is not None:
        return show(outcome, "admin/proxied_apps/test.html", app=row, query=query, outcome=outcome, error="")
    if not wants_page():
        raise Problem(422, _("The request cannot be tested"), error)
    page = render_template("admin/proxied_apps/test.html", app=row, query=query, outcome=None, error=error)
    return page, 422 if error else 200


def tried(row: ProxiedApp, query: RuleTestQuery) -> RuleTestOutcome:
    """Decide about a request that an administrator has entered, with the rules of the app, without sending it.

    Raises:
        InvalidTestRequest
    """
    checks = service(ForwardAuth)
    app = rule_test.app_as_applied(db(), row)
    caller = rule_test.caller_called(db(), query.person, query.token, acr=query.login, ip_address=query.ip_address)
    request = rule_test.request_to(app, query.method, query.url or "/")
    verdict = RuleTest(checks.decisions, checks.query).verdict(db(), app, request, caller)
    return rule_test.outcome_for(verdict, row)
