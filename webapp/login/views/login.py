"""/login: log in with name and password."""

from datetime import datetime
from typing import Annotated

import msgspec
from flask import Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from webapp.accounts import known_networks, notices, user_queries
from webapp.accounts.models import User
from webapp.accounts.views.password_refusals import refuse_without_passwords
from webapp.accounts.views.request_info import current_circumstances
from webapp.accounts.views.verification import WAITING
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.guard import Principal, public, saved_form
from webapp.login.flow import AMR, PasswordAccepted, Throttled, Unverified
from webapp.login.forms import LoginForm
from webapp.login.pending_login import begin
from webapp.login.second_step import SecondFactorRequired
from webapp.login.views import known_browser, pending_cookie, trusted_browser
from webapp.login.views.blueprint import (
    attempt,
    bp,
    browser,
    ends,
    flow,
    principal_of,
    second_step,
    unchanged,
)
from webapp.login.views.hooks import LoginCompleted
from webapp.login.views.login_errors import (
    COOKIES_BLOCKED,
    CREDENTIALS_INVALID,
    credentials_invalid,
    mfa_required,
    sends_cookies,
    throttled,
    unverified,
)
from webapp.login.views.login_page import login_page_context, only_provider
from webapp.mail.mailer import Mailer
from webapp.sessions import cookie, lifecycle
from webapp.sessions.lifecycle import StartedSession
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import show, wants_page
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.redirects import safe_path
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db


class LoginPage(msgspec.Struct, frozen=True):
    """The CSRF token, for scripts that log in with a cookie."""

    csrf_token: str


class LoginQuery(msgspec.Struct, frozen=True):
    next: Annotated[str, msgspec.Meta(description="Where to go afterwards: a path on this site.")] = ""
    password: Annotated[str, msgspec.Meta(description="Show the form for a password to administrators.")] = ""
    stay: Annotated[str, msgspec.Meta(description="Show the page where it would redirect to a provider.")] = ""


class LoggedIn(msgspec.Struct, frozen=True):
    username: str
    roles: list[str]
    next: str


@bp.get("/login")
@public
@responds(LoginPage, query=LoginQuery, refuses=(503,))
@reads("ended", "cookies")
def new() -> ResponseReturnValue:
    """The login form with its CSRF token."""
    target = safe_path(parse_query(LoginQuery).next)
    if current_user.is_authenticated and wants_page():
        return redirect(target or url_for("dashboard.show"), 303)
    context = login_page_context(target, wants_password="password" in request.args)
    if provider_url := only_provider(context["login_buttons"]):
        return redirect(provider_url, 303)
    hint = context["requesting_app"].login_hint if context["requesting_app"] else ""
    form = LoginForm(formdata=None, data={"next": target or "", "username": hint})
    has_ended = bool(request.args.get("ended"))
    if request.args.get("cookies") and not sends_cookies():
        form.form_errors.append(COOKIES_BLOCKED)
    return show(LoginPage(generate_csrf()), "login/login.html", form=form, has_ended=has_ended, **context)


@bp.post("/login")
@public
@responds(LoggedIn, form=LoginForm, refuses=(403, 422, 429))
def create() -> ResponseReturnValue:
    """Log in with name and password. The session is in the cookie of the response."""
    refuse_without_passwords()
    form = LoginForm()
    target = safe_path(form.next.data)
    is_valid = form.validate_on_submit()
    if wants_page() and names_current_user(form.username.data or ""):
        # Logged in meanwhile, in another tab.
        return redirect(target or url_for("dashboard.show"), 303)
    if not is_valid:
        return login_refused(form, target)
    outcome = flow().begin(attempt(form.username.data or "", form.password.data or ""))
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if isinstance(outcome, Unverified):
        return verify_first(outcome.user)
    if not isinstance(outcome, PasswordAccepted):
        form.password.errors = [CREDENTIALS_INVALID]
        return login_refused(form, target, credentials_invalid())
    step = second_step().after(outcome.user, is_trusted=trusted_browser.is_trusted(outcome.user))
    if isinstance(step, SecondFactorRequired):
        return continue_with_second_step(step, target, is_remembered=form.remember.data)
    return begin_session(outcome.user, target, amr=AMR, is_remembered=form.remember.data)


def names_current_user(identifier: str) -> bool:
    found: Principal = current_user
    if not found.is_authenticated:
        return False
    with database().read() as reading:
        user = user_queries.by_name_or_email(reading, identifier)
    return user is not None and user.id == found.user_id


def continue_with_second_step(
    step: SecondFactorRequired, target: str | None, *, is_remembered: bool, amr: str = AMR
) -> ResponseReturnValue:
    """Continue with the second step.

    Args:
        amr: how the user authenticated in the first one.
    """
    # In a transaction of its own: scripts get 401, and the request's transaction is rolled back.
    with database().write() as writing:
        pending = begin(writing, step.user, amr, is_remembered=is_remembered, target=target)
    if pending is None:
        raise credentials_invalid()
    pending_cookie.store(pending)
    second_step_url = url_for("login.second_step_form")
    if not wants_page():
        raise mfa_required(step.factors, second_step_url)
    return redirect(second_step_url, 303)


def login_refused(form: LoginForm, target: str | None, problem: Problem | None = None) -> ResponseReturnValue:
    # Pages get 422: a browser shows a 401 without a scheme it knows, but tools treat the page as unauthorized.
    return refuse_form(form, lambda: login_page(form, target), problem=problem)


def login_page(form: LoginForm, target: str | None) -> str:
    context = login_page_context(target, wants_password=True)
    return render_template("login/login.html", form=form, has_ended=False, **context)


def verify_first(user: User) -> ResponseReturnValue:
    """The page for unverified accounts. Shown only after the right password, so that it hides who has an account."""
    session[WAITING] = str(user.id)
    if not wants_page():
        raise unverified()
    return redirect(url_for("verification.ask_again"), 303)


def begin_session(
    user: User,
    target: str | None,
    *,
    amr: str,
    is_remembered: bool,
    is_to_trust: bool = False,
    auth_time: datetime | None = None,
) -> Response:
    account = unchanged(user)
    end_former(db())
    started = lifecycle.start(
        db(), user.id, browser(), ends(), amr=amr, is_remembered=is_remembered, auth_time=auth_time
    )
    service(LoginCompleted)(db(), user.id, started.credential.id)
    note_login(account, started)
    if user.closes_at is not None:
        # A user who closed the account first decides whether to reopen it.
        target = url_for("account.close_form")
    if target is None and saved_form.is_waiting_for(db(), user.id):
        target = url_for("login.resume")
    principal = principal_of(user, started)
    cookie.store_session(started, principal, is_remembered=is_remembered)
    target = target or url_for("dashboard.show")
    if wants_page() and not sends_cookies():
        # The login page leads on if the cookie arrives, and otherwise says why nobody is logged in.
        target = url_for("login.new", next=target, cookies=1)
    message = _("You are logged in as %(username)s.", username=user.username)
    response = redirect_or_json(target, message, LoggedIn(user.username, list(principal.roles), target))
    known_browser.remember(response, user.id)
    if is_to_trust:
        trusted_browser.trust(response, user, browser(), amr)
    return response


def log_in_new_user(user: User) -> Response:
    """Log in a user who has just registered; the hook ``FirstLogin``."""
    return begin_session(user, None, amr=AMR, is_remembered=False)


def note_login(account: User, started: StartedSession) -> None:
    """Record the login, and mail the user if the browser is new."""
    is_first, account.last_login_at = account.last_login_at is None, now()
    known_networks.remember(db(), account.id, request.remote_addr)
    if is_first or account.id in known_browser.marks():
        return
    notices.new_login(db(), service(Mailer), account, current_circumstances(), credential_id=started.credential.id)


def end_former(db: Session) -> None:
    """End the session that the cookie named before."""
    former: Principal = current_user
    if former.is_authenticated:
        lifecycle.end(db, former.user_id, former.credential_id, way="login")
