"""Responses of the check to requests that are not allowed: to people a login or the reason, to scripts a problem."""

import logging
from urllib.parse import urlencode

from flask import Response, request, url_for

from webapp.core.translation import _
from webapp.forward_auth.checks import Verdict
from webapp.forward_auth.original_request import OriginalRequest
from webapp.forward_auth.views.blueprint import login_url, site_url
from webapp.guard import refusal_log, token_advice
from webapp.guard.policy import CODES, Decision, Requirement
from webapp.guard.principal import NotAccepted
from webapp.guard.www_authenticate import challenge
from webapp.web.bearer import realm
from webapp.web.negotiation import prefers_html
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import kind_of
from webapp.web.problems import Problem, problem_response
from webapp.web.unproxied import unproxied

log = logging.getLogger(__name__)

NEEDS_LOGIN = {Decision.LOG_IN, Decision.RAISE, Decision.STEP_UP}


def refusal_of(original: OriginalRequest, verdict: Verdict) -> Response:
    """The response to a verdict that does not allow the request."""
    if verdict.error is not None:
        return not_accepted(original, verdict, verdict.error)
    if verdict.decision is None:
        return forbidden(f"{original.host}: {verdict.reason}")
    return denied(original, verdict, verdict.decision)


def forbidden(reason: str) -> Response:
    """403 that does not say who would be allowed; the reason is in the log alone."""
    fields = {"reason": reason, "ip_address": request.remote_addr}
    log.info("forward-auth refused", extra={"fields": fields})
    detail = _("No access rule allows this request. The log of the login server says why.")
    return problem_response(Problem(403, _("Forbidden"), detail), page=False)


def not_accepted(original: OriginalRequest, verdict: Verdict, error: NotAccepted) -> Response:
    refusal_log.record_refusal(error.code, str(error), error.credential_row, route=route_of(verdict))
    if error.code == "session_ended":
        return to_login(original, verdict, error.code)
    requirement = verdict.rule.requirement if verdict.rule else Requirement()
    headers, (title, detail) = challenge(error.code, requirement, refused=error), token_advice.words_of(error)
    challenges = [*basic_challenge(verdict), headers["WWW-Authenticate"]]
    headers["WWW-Authenticate"] = ", ".join(challenges)
    return problem_response(Problem(401, title, detail, code=error.code, headers=headers), page=False)


def denied(original: OriginalRequest, verdict: Verdict, decision: Decision) -> Response:
    code, requirement = CODES.get(decision, "role_required"), verdict.requirement or Requirement()
    if decision in NEEDS_LOGIN and (verdict.principal is None or verdict.principal.credential == "session"):
        return to_login(original, verdict, code)
    refusal_log.record_refusal(code, str(requirement), verdict.principal, route=route_of(verdict))
    if is_document(original) and verdict.principal is not None and verdict.principal.credential == "session":
        start_url = url_for("forward_auth.start") + "?" + urlencode({"rd": original.origin + original.target})
        return leading_to(site_url(start_url), 403, _("You cannot open this page. The reason is at %(url)s"))
    kind = kind_of(code)
    headers = challenge(code, requirement) if code != "token_missing" else {}
    return problem_response(Problem(403, kind.title, kind.meaning, code=code, headers=headers), page=False)


def to_login(original: OriginalRequest, verdict: Verdict, code: ProblemCode) -> Response:
    """401: for a page with the URL where people log in, for anything else with a challenge."""
    if is_document(original):
        return leading_to(login_url(original.origin, original.target), 401, _("Log in at %(url)s"))
    schemes = [*basic_challenge(verdict), realm()]
    kind = kind_of(code)
    headers = {"WWW-Authenticate": ", ".join(schemes)}
    return problem_response(Problem(401, kind.title, kind.meaning, code=code, headers=headers), page=False)


def basic_challenge(verdict: Verdict) -> list[str]:
    """Only where the rule accepts Basic: browsers open a dialog for it, even for images."""
    is_accepted = verdict.rule is not None and verdict.rule.authorization == "basic"
    return [realm("Basic") + ', charset="UTF-8"'] if is_accepted else []


def too_many(problem: Problem) -> Response:
    """429 where the proxy passes it on; nginx understands 401 and 403 alone."""
    response = problem_response(problem, page=False)
    if "follows" not in request.args:
        response.status_code = 403
    return response


def leading_to(url: str, status: int, sentence: str) -> Response:
    """A redirect in the form that the proxy understands: nginx takes it from ``Location`` of a 401 or 403."""
    follows = "follows" in request.args
    response = Response(
        f"{sentence % {'url': url}}\n", 302 if follows else status, content_type="text/plain; charset=utf-8"
    )
    response.headers["Location"] = url
    response.autocorrect_location_header = False
    return response


def is_document(original: OriginalRequest) -> bool:
    """Whether a browser asks for a page that it shows in its window: nothing else may be redirected to a login."""
    current = unproxied(request)
    environ = current.environ
    if original.method not in ("GET", "HEAD") or "HTTP_AUTHORIZATION" in environ or "HTTP_X_REQUESTED_WITH" in environ:
        return False
    return environ.get("HTTP_SEC_FETCH_DEST", "document") == "document" and prefers_html(current)


def route_of(verdict: Verdict) -> str:
    """What the audit log calls the route of a request to an app."""
    return verdict.app.scope if verdict.app else "forward-auth"
