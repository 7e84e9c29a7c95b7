"""response(): the response of ``@anonymous_only`` views to callers who are logged in or send a token."""

from flask import Response, current_app, redirect, request, url_for

from webapp.core.translation import _
from webapp.guard.principal import Principal
from webapp.guard.refusal_hook import mark_refused
from webapp.guard.refusal_log import record_refusal
from webapp.web.negotiation import is_browser
from webapp.web.problem_kinds import kind_of
from webapp.web.problems import Action, Problem, problem_response
from webapp.web.redirects import safe_path

# Endpoints of packages above.
HOME, LOGOUT = "dashboard.show", "login.leave"


def response(principal: Principal) -> Response:
    """A redirect to ``next`` or the dashboard for people who open a page; for changes and scripts a 403 problem."""
    mark_refused("anonymous_required")
    if is_browser() and request.method in ("GET", "HEAD"):
        target = safe_path(request.args.get("next")) or url_for(HOME)
        return current_app.make_response(redirect(target, 303))
    if principal.credential == "token":
        record_refusal("anonymous_required", "the page is for who is not logged in", principal)
    kind = kind_of("anonymous_required")
    repair = _("Send the request without a token.") if principal.credential == "token" else kind.repair
    detail = f"{kind.meaning} {repair}"
    actions = [Action(_("Back to the dashboard"), url_for(HOME)), Action(_("Log out"), url_for(LOGOUT))]
    return problem_response(Problem(403, kind.title, detail, code="anonymous_required", actions=actions))
