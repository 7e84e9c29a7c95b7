"""Responses to unauthenticated requests, refused credentials and step-up."""

from collections.abc import Sequence
from typing import Protocol

from flask import Response, current_app, redirect, render_template, request, session, url_for
from flask_login import user_needs_refresh, user_unauthorized

from webapp.core.translation import _, _l, listed
from webapp.guard import form_state, login_manager, saved_form, token_advice
from webapp.guard.access_checks import explain
from webapp.guard.assurance import Level
from webapp.guard.forbidden import BUILDERS, current_call, steps_of
from webapp.guard.policy import CODES, Decision, Requirement, bound_of
from webapp.guard.principal import CredentialRow, NotAccepted, Principal
from webapp.guard.refusal_hook import mark_refused
from webapp.guard.refusal_log import record_refusal
from webapp.guard.require import login_view_of
from webapp.guard.www_authenticate import challenge
from webapp.web import csrf, token_cookie
from webapp.web.bearer import presented, realm
from webapp.web.negotiation import is_browser
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import kind_of
from webapp.web.problems import Action, Problem, RequirementStep, problem_response
from webapp.web.redirects import fits_in_next, path_and_query
from webapp.web.registry import service
from webapp.web.templating import day

# Endpoints of higher layers.
LOGIN, CONFIRM, CLOSED, NEW_TOKEN = "login.new", "login.confirm_form", "account.close_form", "tokens.new"
REQUIRED = {
    Level.TWO: _l("This page requires a second factor."),
    Level.PHISHING_RESISTANT: _l("This page requires a passkey."),
}


METHODS = {
    "passkey": _l("a passkey"),
    "totp": _l("a code from your authenticator app"),
    "recovery_code": _l("a recovery code"),
    "password": _l("your password"),
    "provider": _l("a login with your identity provider"),
}
"""The ways to confirm an identity, as JSON names them, and as words."""


class ConfirmMethods(Protocol):
    """Hook: the keys of ``METHODS`` with which this user can reach the level."""

    def __call__(self, principal: Principal, level: Level, /) -> list[str]: ...


class LoginPageRenderer(Protocol):
    """Hook: renders the login page in response to a form that was saved, with the path to which it was sent."""

    def __call__(self, form_url: str, /) -> str: ...


def not_accepted(error: NotAccepted, requirement: Requirement) -> Response:
    """The response to an invalid, expired or ended credential: 401, or the login page for browsers."""
    mark_refused(error.code)
    record_refusal(error.code, str(error), error.credential_row)
    if requirement.is_optional:
        # Answered once: the next request is anonymous, which is enough here.
        session.clear()
    login_manager.forget_session()
    if presented() is None:
        session.pop(csrf.SESSION_KEY, None)
    if presented() is None and is_browser():
        return to_login(error.code, error.credential_row)
    if (presented_token := presented()) is not None and presented_token.is_in_cookie:
        # Delete the cookie, so that the next request can use the session; this one must not.
        token_cookie.delete_after_request()
    headers, (title, detail) = challenge(error.code, requirement, refused=error), token_advice.words_of(error)
    sentence, extra = token_advice.fix_for(error) or ("", {})
    detail = f"{detail} {sentence}".rstrip()
    return problem_response(Problem(401, title, detail, code=error.code, extra=extra, headers=headers))


def denied(principal: Principal | None, requirement: Requirement, decision: Decision) -> Response:
    """The response to a request that ``decide`` did not allow: login, step-up or 403."""
    if principal is None:
        return anonymous()
    mark_refused(CODES.get(decision, decision.value))
    user_unauthorized.send(current_app._get_current_object())  # type: ignore[attr-defined]
    if decision is Decision.CLOSED:
        return closed(principal)
    steps, code = steps_of(explain(principal, requirement, decision)), CODES[decision]
    if decision in (Decision.STEP_UP, Decision.RAISE):
        if principal.credential == "token":
            # For a token this is a refusal; a person confirms and continues, which is not recorded.
            record_refusal(code, str(requirement), principal)
        return step_up(principal, requirement, code, steps)
    record_refusal(
        code,
        str(requirement),
        principal,
        bound=bound_of(principal, current_call()) if code == "token_limited" else None,
    )
    return problem_response(BUILDERS[code](principal, requirement, steps))


def closed(principal: Principal) -> Response:
    """The response to users who have closed their account: browsers are redirected to where they can reopen it."""
    if is_browser() and request.method in ("GET", "HEAD"):
        return as_response(redirect(url_for(CLOSED), 303))
    sentences = [
        _("You closed this account."),
        *([_("It will be deleted on %(date)s.", date=day(principal.closes_at))] if principal.closes_at else []),
        _("Reopen it to use it again. Nothing was changed."),
    ]
    keep = Action(_("Reopen account"), url_for(CLOSED))
    return problem_response(Problem(403, _("This account is closed"), " ".join(sentences), actions=[keep]))


def anonymous() -> Response:
    mark_refused("token_missing")
    user_unauthorized.send(current_app._get_current_object())  # type: ignore[attr-defined]
    if is_browser():
        return to_login("token_missing")
    kind = kind_of("token_missing")
    # RFC 6750 §3.1: without a credential there is no error code.
    return problem_response(
        Problem(
            401, kind.title, token_advice.without_token(), code="token_missing", headers={"WWW-Authenticate": realm()}
        )
    )


def to_login(code: ProblemCode, ended: CredentialRow | None = None) -> Response:
    """Lead to the login: a redirect, or for a form the login page, so that it is offered again after the login.

    Args:
        ended: row of the session that was refused.
    """
    if saved_form.save(path_and_query(), ended):
        headers = {"WWW-Authenticate": realm()}
        return as_response((service(LoginPageRenderer)(path_and_query().partition("?")[0]), 401, headers))
    if request.method not in ("GET", "HEAD"):
        kind = kind_of(code)
        login = Action(_("Log in"), url_for(login_view()))
        detail = _("You are not logged in or your session has ended. Nothing was changed.")
        return problem_response(
            Problem(401, kind.title, detail, code=code, actions=[login], headers={"WWW-Authenticate": realm()})
        )
    # None leaves a parameter out of the URL.
    ended_now = 1 if code == "session_ended" else None
    return as_response(redirect(url_for(login_view(), next=next_here(), ended=ended_now), 303))


def login_view() -> str:
    """Endpoint of the login page of this part of the site."""
    rule = request.url_rule
    return (login_view_of(current_app, rule.endpoint) if rule else None) or LOGIN


def step_up(
    principal: Principal, requirement: Requirement, code: ProblemCode, steps: Sequence[RequirementStep]
) -> Response:
    user_needs_refresh.send(current_app._get_current_object())  # type: ignore[attr-defined]
    acr = requirement.level.acr if requirement.level > Level.ONE else None
    confirm, headers = url_for(CONFIRM, next=next_here(), acr=acr), challenge(code, requirement)
    if is_browser():
        if request.method in ("GET", "HEAD"):
            return as_response(redirect(confirm, 303))
        if (form_data := form_state.serialize()) is not None:
            # The confirmation page is rendered here, with the saved form inside, so that no redirect loses it.
            facts = {
                "target": path_and_query(),
                "form_state": form_data,
                "minutes": minutes(requirement),
                "required": requirement.level,
            }
            return as_response((render_template("login/confirm.html", **facts), 401, headers))
    kind = kind_of(code)
    meaning = kind.meaning if code == "step_up_required" else REQUIRED[requirement.level]
    is_token = principal.credential == "token"
    # No confirmation makes a token fresher; only a new one is.
    fix = current_app.config["ORIGIN"] + (url_for(NEW_TOKEN) if is_token else confirm)
    methods = service(ConfirmMethods)(principal, requirement.level)
    required = {"required": [acr]} if code == "mfa_required" else {}
    return problem_response(
        Problem(
            401,
            kind.title,
            " ".join((str(meaning), *then_confirm(fix, methods, is_token=is_token))),
            code=code,
            extra=required | {"fix": fix, "methods": methods},
            headers=headers,
            steps=steps,
            actions=[Action(_("Confirm it's you"), confirm)],
        )
    )


def then_confirm(fix: str, methods: Sequence[str], *, is_token: bool) -> list[str]:
    """The sentences that say what to do about a stale or weak proof."""
    ways = listed([METHODS[name] for name in methods], style="or")
    if is_token:
        return [_("Log in with it and create a new token.")]
    if not ways:
        return [_("Set it up at %(url)s.", url=fix), _("Nothing was changed.")]
    return [_("Confirm it's you at %(url)s, with %(ways)s.", url=fix, ways=ways), _("Nothing was changed.")]


def undeclared(endpoint: str) -> Problem:
    """The 403 problem of a route without ``@require`` or ``@public``."""
    return Problem(
        403,
        _("This page has no access rule"),
        _(
            "The view %(endpoint)s does not declare who may open it. Add @require() or @public (from webapp.guard) "
            "directly above the view, below the route decorator.",
            endpoint=endpoint,
        ),
        code="undeclared",
    )


def next_here() -> str | None:
    """The requested path and query as ``next`` of another URL; None, which leaves it out, if that were too long."""
    target = path_and_query()
    return target if fits_in_next(target) else None


def minutes(requirement: Requirement) -> int:
    """``fresh_within`` in minutes; 0 if there is none."""
    return int(requirement.fresh_within.total_seconds() // 60) if requirement.fresh_within else 0


def as_response(result: object) -> Response:
    return current_app.make_response(result)  # type: ignore[arg-type]
