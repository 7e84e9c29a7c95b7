"""authorize_request(): the before_request hook that authenticates and authorizes every request."""

import logging
from datetime import datetime, timedelta

from flask import Flask, Request, Response, current_app, g
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.core.ratelimit import Limit, Limiter
from webapp.guard import (
    already_logged_in,
    app_events,
    foreign_form,
    login_manager,
    owner_rule,
    refusal_log,
    unauthenticated,
)
from webapp.guard.assurance import Demands
from webapp.guard.forbidden import current_call, too_often
from webapp.guard.login_manager import Authenticators
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import NotAccepted, Principal
from webapp.guard.refusal_hook import mark_refused
from webapp.guard.require import requirement_of
from webapp.web import csrf, token_cookie
from webapp.web.bearer import presented
from webapp.web.canonical_url import redirect_to_base_url
from webapp.web.cookies import UNREADABLE
from webapp.web.known_fields import refuse_unknown
from webapp.web.negotiation import is_browser
from webapp.web.problems import Problem
from webapp.web.redirects import canonical_redirect, form_redirect
from webapp.web.registry import service
from webapp.web.unproxied import unproxied
from webapp.web.wsgi_environ import BODY_READ

log = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)
PEOPLE_ONLY = Requirement(session=True)


def authorize_request() -> ResponseReturnValue | None:
    """Before-request hook: None to call the view, else the response.

    Raises:
        Unavailable: cookies cannot be read, because the database has not answered since the process started.
        Problem: 403 ``undeclared`` for a route without ``@require`` or ``@public``; others as ``refusal_for`` and
            ``refuse_unknown``.
    """
    context = unproxied(request_ctx)
    current, app = context.request, context.app
    if current.url_rule is None:
        return canonical_redirect(current.routing_exception) or form_redirect(current.routing_exception)
    requirement = requirement_of(app, current.url_rule.endpoint, current.method)
    if requirement is None:
        raise undeclared(current.url_rule.endpoint)
    if not requirement.reads_cookies or (requirement.token_in_query and presented(current) is not None):
        context._session = app.session_interface.make_null_session(app)
    if current.method == "OPTIONS":
        # For everybody, since a browser's preflight carries no credential (Fetch Standard §3.2.2). Never the view's
        # own answer: which methods a route has is written in /openapi.json for everybody too.
        return app.make_default_options_response()
    if requirement.reads_cookies and (outage := current.environ.get(UNREADABLE)) is not None:
        raise outage
    if requirement.reads_cookies and (elsewhere := redirect_to_base_url(current)) is not None:
        return elsewhere
    has_requirement = requirement.reads_cookies or not requirement.is_public
    if has_requirement and (answer := refusal_for(current, requirement)) is not None:
        return answer
    login_manager.mark_authorized()
    refuse_unknown(current, app)
    return None


def refusal_for(current: Request, requirement: Requirement) -> Response | None:
    """The response to a request that does not meet ``requirement``; None if it does, then ``g.principal`` is set.

    Raises:
        Problem: 403 ``csrf_failed``, 429 ``throttled``.
    """
    is_change = csrf.is_change(current.method)
    if is_change and requirement.max_body is not None:
        # Of a request whose caller seemed to be refused, the server has read no more than the general limit.
        limit = min(requirement.max_body, current.environ.get(BODY_READ, requirement.max_body))
        current.max_content_length = current.max_form_memory_size = limit
    try:
        # Public pages need no caller. A public form submitted with a token is refused below.
        needs_caller = not requirement.is_public or requirement.is_anonymous_only or (is_change and presented(current))
        principal = login_manager.caller() if needs_caller else None
    except NotAccepted as error:
        if not requirement.is_anonymous_only or presented(current) is not None:
            return unauthenticated.not_accepted(error, requirement)
        # An ended session is no login: the page works at once, without the redirect of other pages.
        login_manager.forget_session()
        g.caller = principal = None
    moment = now()
    if principal is not None and principal.credential == "session" and principal.idle_at is None:
        # Only sessions that are remembered have no idle end.
        note_return(principal, moment)
    if requirement.is_public and principal is not None:
        if requirement.is_anonymous_only:
            return already_logged_in.response(principal)
        # Public forms, such as login, are for browsers: a token must not become a session.
        return unauthenticated.denied(principal, PEOPLE_ONLY, Decision.NEED_SESSION)
    if principal is not None and (demands := service(Demands)):
        requirement = requirement.raised_by(demands, principal)
    is_limited = principal is not None and principal.grant is not None and principal.grant.is_limited
    decision = decide(principal, requirement, moment, current_call() if is_limited else None)
    if decision is not Decision.ALLOW:
        if decision in (Decision.STEP_UP, Decision.RAISE) and is_change and is_browser():
            # The form is saved and submitted again after the step-up, so check CSRF before that.
            return refused_forgery(principal) or unauthenticated.denied(principal, requirement, decision)
        return unauthenticated.denied(principal, requirement, decision)
    if is_change and (answer := refused_forgery(principal)) is not None:
        return answer
    if is_limited and principal is not None:
        count_request(principal)
    # Last, because it reads the object: not for callers who are refused anyway.
    if (
        requirement.owner is not None
        and (answer := owner_rule.refusal(principal, requirement, current.view_args or {})) is not None
    ):
        return answer
    if requirement.is_audited and principal is not None:
        app_events.note_opening(principal)
    unproxied(g).principal = principal
    return None


def note_return(remembered: Principal, moment: datetime) -> None:
    # ``enforce`` decides again about a request that the guard has let in.
    if g.get("principal") is None:
        service(Authenticators).renew_session(remembered, moment)


def count_request(principal: Principal) -> None:
    """Count a request against the rate limit of its token.

    Raises:
        Problem: 429 ``throttled``.
    """
    if principal.grant is None or principal.grant.per_minute is None or "is_counted" in g:
        return
    g.is_counted = True
    limiter = service(Limiter)
    line = principal.grant.counted_as or principal.credential_id.hex
    limit_result = limiter.take(Limit("token", principal.grant.per_minute, MINUTE, is_volatile=True), line)
    if not limit_result.allowed:
        mark_refused("throttled")
        refusal_log.record_refusal("throttled", f"{principal.grant.per_minute} a minute", principal, bound="rate")
        raise too_often(limit_result.retry_after)


def refused_forgery(principal: Principal | None) -> Response | None:
    """Check CSRF as the accepted credential needs it, whatever other headers were sent.

    Returns:
        None if the request may proceed; a page for a form that was sent from a page of another session.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    try:
        check_origin(principal)
    except Problem as refused:
        if refused.code is not None:
            mark_refused(refused.code)
            if principal is not None and (answer := foreign_form.answer(principal)) is not None:
                return answer
            # The detail is in the language of the caller, and the log is English.
            reason = "no valid CSRF token" if csrf.is_same_site() else "sent from another site"
            refusal_log.record_refusal(refused.code, reason, principal)
        raise
    return None


def check_origin(principal: Principal | None) -> None:
    """Check CSRF protection by the kind of credential: anonymous form, session cookie, or token that browsers send.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    if principal is None:
        csrf.check_anonymous()
    elif principal.credential == "session":
        csrf.check()
    elif (presented_token := presented()) is not None and presented_token.is_ambient:
        csrf.refuse_cross_site()
        if presented_token.is_in_cookie:
            csrf.check_double_submit(token_cookie.csrf_name(), token_cookie.csrf_values(principal.credential_id))


def undeclared(endpoint: str) -> Exception:
    mark_refused("undeclared")
    log.error("undeclared route", extra={"fields": {"endpoint": endpoint}})
    return unauthenticated.undeclared(endpoint)


def has_query_token(current: Request) -> bool:
    """Whether the route of a request accepts a token in the query."""
    rule = current.url_rule
    requirement = requirement_of(current_app, rule.endpoint, current.method) if rule is not None else None
    return requirement is not None and requirement.token_in_query


def init_app(app: Flask) -> None:
    app.config["IS_QUERY_ROUTE"] = has_query_token
    app.before_request(authorize_request)
