"""/dashboard: the start page after login."""

from flask import Blueprint, current_app, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.credentials.live_counts import live_counts_of
from webapp.dashboard import summary
from webapp.dashboard.summary import OWN_SCOPES, Dashboard, OpenResource
from webapp.guard import Principal, require
from webapp.guard.curl_examples import curl_example
from webapp.guard.routes import guarded_reads
from webapp.sessions.session_list import devices
from webapp.tokens import script_logins
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.transaction import db

bp = Blueprint("dashboard", __name__)


@bp.get("/dashboard", endpoint="show")
@require(scope="profile:read")
@responds(Dashboard)
def dashboard(principal: Principal) -> ResponseReturnValue:
    """Show what you can open, the devices and tokens that can use your account, and recent activity."""
    found = gather(principal)
    return show(found, "dashboard/dashboard.html", dashboard=found)


def gather(principal: Principal) -> Dashboard:
    tokens = summary.live_tokens(db(), principal.user_id)
    hrefs = {token.id: url_for("tokens.show", token_id=token.id) for token in tokens.tokens}
    attention = summary.tasks(tokens.tokens, hrefs)
    return Dashboard(
        username=principal.username,
        roles=list(principal.roles),
        credential=principal.credential,
        scopes=sorted(principal.scopes),
        greeting=_("Hello"),
        summary=summary.sum_up(live_counts_of(db(), principal.user_id), attention),
        attention=attention,
        resources=resources(principal),
        sessions=devices(db(), principal),
        tokens=tokens.tokens,
        script_logins=script_logins.live(db(), principal.user_id),
        recent=summary.happenings(db(), principal.user_id),
        days=summary.days(db(), principal.user_id),
    )


def resources(principal: Principal) -> list[OpenResource]:
    found = []
    for path, need in guarded_reads(current_app):
        if not need.scope or need.scope in OWN_SCOPES or not summary.is_open(principal, need):
            continue
        way = curl_example(path, need)
        found.append(OpenResource(summary.name_of(path), path, need.scope, summary.who(need), way.curl, way.mint_href))
    return found
