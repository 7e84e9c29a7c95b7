"""/dashboard: the start page after login."""

from collections import Counter
from urllib.parse import urlsplit

from flask import Blueprint, current_app, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.credentials.live_counts import live_counts_of
from webapp.dashboard import summary
from webapp.dashboard.summary import OWN_SCOPES, Dashboard, MyApp, OpenResource
from webapp.forward_auth.checks import ForwardAuth
from webapp.forward_auth.open_apps import open_apps
from webapp.guard import Principal, require
from webapp.guard.curl_examples import curl_example
from webapp.guard.policy import Requirement
from webapp.guard.resources import DECLARED
from webapp.guard.routes import guarded_reads, is_built_in
from webapp.sessions.session_list import list_sessions
from webapp.tokens import script_logins
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.registry import service
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
        summary=summary.summary_sentence(live_counts_of(db(), principal.user_id), attention),
        attention=attention,
        apps=my_apps(principal),
        resources=resources(principal),
        sessions=list_sessions(db(), principal),
        tokens=tokens.tokens,
        script_logins=script_logins.live(db(), principal.user_id),
        recent=summary.recent_activity(db(), principal.user_id),
        days=summary.days(db(), principal.user_id),
    )


def my_apps(principal: Principal) -> list[MyApp] | None:
    forward_auth, scheme = service(ForwardAuth), urlsplit(current_app.config["ORIGIN"]).scheme
    if not forward_auth.table().by_host:
        return None
    return [
        MyApp(app.name, app.icon or app.name[:1].upper(), app.hosts[0], f"{scheme}://{app.hosts[0]}/")
        for app in open_apps(forward_auth, db(), principal)
    ]


def resources(principal: Principal) -> list[OpenResource]:
    reads = [
        (route, requirement)
        for route, requirement in guarded_reads(current_app)
        if requirement.scope and requirement.scope not in OWN_SCOPES and summary.is_open(principal, requirement)
    ]
    # The examples come last.
    reads.sort(key=lambda read: is_built_in(current_app, read[0].endpoint))
    paths = Counter(requirement.scope for _route, requirement in reads)
    return [
        open_resource(route.path, requirement, is_only_path=paths[requirement.scope] == 1)
        for route, requirement in reads
    ]


def open_resource(path: str, requirement: Requirement, *, is_only_path: bool) -> OpenResource:
    """The dashboard entry of a protected page: title, path, required scope and role, and a curl example.

    Args:
        is_only_path: whether its scope opens no other page, so that the title of the resource names this one.
    """
    declared = DECLARED.get(requirement.scope.partition(":")[0]) if is_only_path else None
    name = str(declared.title) if declared else summary.name_of(path)
    way = curl_example(path, requirement)
    return OpenResource(name, path, requirement.scope, summary.required_role(requirement), way.curl, way.mint_href)
