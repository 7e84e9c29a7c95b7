"""/forward-auth/start: a user logs in here for the page of an app, and is sent there with a ticket."""

from urllib.parse import urlsplit

from flask import request
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.core.translation import _
from webapp.credentials import sids
from webapp.forward_auth import grants, tickets
from webapp.forward_auth.original_request import URI, NotReadable, OriginalRequest, canonical_host
from webapp.forward_auth.proxied_apps import AppPolicy
from webapp.forward_auth.rules import NoRule, match
from webapp.forward_auth.tickets import TicketTarget
from webapp.forward_auth.views.blueprint import LONGEST_RETURN, OWN_PATH, bp, forward_auth, login_url
from webapp.forward_auth.views.request_access import no_access
from webapp.guard import Principal, request_guard, require
from webapp.guard.policy import Decision, Requirement
from webapp.login.views.external_redirect import redirect_externally
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.transaction import writable
from webapp.web.unproxied import unproxied

STATE_LENGTH = 43


@bp.get("/forward-auth/start")
@require(session=True)
@reads("rd", "state")
def start(principal: Principal) -> ResponseReturnValue:
    """Send a logged-in user to the page of an app that they asked for, if a rule allows it."""
    original = original_of(request.args.get("rd", ""))
    app = forward_auth().table().by_host.get(original.host)
    if app is None:
        raise unknown_app()
    if (answer := refuse_unless_allowed(app, original, principal)) is not None:
        return answer
    state = request.args.get("state", "")
    if len(state) != STATE_LENGTH:
        # From a link: the browser has no cookie of the host yet, which the ticket is to be tied to.
        return redirect_externally(login_url(original.origin, original.target), app.name)
    db = writable()
    sid = sids.sid_of(db, principal.credential_id)
    if sid is None:
        raise unknown_app()
    target = TicketTarget(app.id, original.host, original.origin + original.target)
    ticket = tickets.issue(db, principal.user_id, sid, state, target)
    response = redirect_externally(f"{original.origin}{OWN_PATH}arrive?ticket={ticket}", app.name)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def original_of(url: str) -> OriginalRequest:
    """The request for a page of an app, from its URL.

    Raises:
        Problem: it is none of an app.
    """
    try:
        parts = urlsplit(url)
        host = canonical_host(parts.netloc, parts.scheme) if parts.scheme in ("http", "https") else ""
    except (ValueError, NotReadable):
        host = ""
    target = url[url.find("/", len(f"{parts.scheme}://")) :] if host and url.count("/") > 2 else "/"
    if not host or not URI.fullmatch(target) or len(target) > LONGEST_RETURN or "#" in target:
        raise unknown_app()
    path, _question, query = target.partition("?")
    return OriginalRequest("GET", parts.scheme, host, path, query)


def refuse_unless_allowed(
    app: AppPolicy, original: OriginalRequest, principal: Principal
) -> ResponseReturnValue | None:
    """The way to a stronger proof of identity or to access, if the page needs one; None if it is allowed."""
    try:
        rule = match(app, original, {})
    except NoRule:
        return no_access(app, principal)
    if rule.requirement.is_public:
        return None
    until = grants.granted_until(writable(), principal.user_id, app.id)
    decision, requirement = forward_auth().decisions.decide_for(rule, principal, until, now(), None)
    if decision is Decision.ALLOW:
        return None
    if decision is Decision.NEED_ROLE:
        return no_access(app, principal)
    return request_guard.refusal_for(unproxied(request), Requirement(session=True, level=requirement.level))


def unknown_app() -> Problem:
    return Problem(
        400,
        _("This link leads to no app"),
        _("The URL in it does not belong to an app behind this login. Open the app itself again."),
    )
