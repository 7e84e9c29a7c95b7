"""Log in, log out, confirm that it is you."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from webapp.accounts import browsing, notices
from webapp.accounts.models import User
from webapp.accounts.notices import Here
from webapp.accounts.roles import included_in
from webapp.accounts.views.verification import WAITING
from webapp.guard import Principal, public, require
from webapp.kernel.clock import now
from webapp.login.flow import AMR, Attempt, Done, Flow, Throttled, Unverified
from webapp.login.forms import ConfirmForm, LoginForm
from webapp.login.views import known_browser
from webapp.login.views.refusals import CREDENTIALS_INVALID, credentials_invalid, throttled, unverified
from webapp.sessions import cookie, lifecycle
from webapp.sessions.lifecycle import Browser, Ends, Started
from webapp.sessions.user_agents import in_words
from webapp.web.contract import answers
from webapp.web.form import Form
from webapp.web.negotiation import as_json, show, wants_page
from webapp.web.problems import Problem
from webapp.web.query import asked
from webapp.web.redirects import safe_path
from webapp.web.transaction import database, db

bp = Blueprint("login", __name__)


class LoginPage(msgspec.Struct, frozen=True):
    """What a script needs that logs in with a cookie."""

    csrf_token: str


class LoginQuery(msgspec.Struct, frozen=True):
    next: Annotated[str, msgspec.Meta(description="Where to go afterwards: a path on this site.")] = ""


class LoggedIn(msgspec.Struct, frozen=True):
    username: str
    roles: list[str]
    next: str


@bp.get("/login")
@public
@answers(LoginPage, query=LoginQuery, refuses=(503,))
def new() -> ResponseReturnValue:
    """The login form; its CSRF token goes with the answer."""
    target = safe_path(asked(LoginQuery).next)
    if current_user.is_authenticated and wants_page():
        return redirect(target or url_for("dashboard.show"), 303)
    form = LoginForm(formdata=None, data={"next": target or ""})
    has_ended = bool(request.args.get("ended"))
    return show(LoginPage(generate_csrf()), "login/login.html", form=form, has_ended=has_ended, **surroundings(target))


@bp.post("/login")
@public
@answers(LoggedIn, form=LoginForm, refuses=(422, 429))
def create() -> ResponseReturnValue:
    """Log in with name and password; the session is in the cookie of the answer."""
    form = LoginForm()
    target = safe_path(form.next.data)
    if not form.validate_on_submit():
        return login_refused(form, target)
    outcome = flow().begin(attempt(form.username.data or "", form.password.data or ""))
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if isinstance(outcome, Unverified):
        return verify_first(outcome.user)
    if not isinstance(outcome, Done):
        form.password.errors = [CREDENTIALS_INVALID]
        return login_refused(form, target, status=401)
    return begin_session(outcome.user, target, is_remembered=form.remember.data)


def login_refused(form: LoginForm, target: str | None, *, status: int = 422) -> ResponseReturnValue:
    if not wants_page():
        raise credentials_invalid() if status == 401 else form.refused()
    # People get 422 for both: a browser shows a 401 without a scheme it knows, but tools take it for a refused page.
    return render_template("login/login.html", form=form, has_ended=False, **surroundings(target)), 422


def verify_first(user: User) -> ResponseReturnValue:
    """Said after the right password alone, so that strangers learn nothing by it."""
    session[WAITING] = str(user.id)
    if not wants_page():
        raise unverified()
    return redirect(url_for("verification.ask_again"), 303)


def surroundings(target: str | None) -> dict[str, Any]:
    days = current_app.permanent_session_lifetime.days
    destination = target.partition("?")[0] if target else None
    return {"remember_days": days, "destination": destination, "registration": current_app.config["REGISTRATION"]}


def begin_session(user: User, target: str | None, *, is_remembered: bool) -> Response:
    refuse_changed(user)
    end_former(db())
    started = lifecycle.start(db(), user.id, browser(), ends(), amr=AMR, is_remembered=is_remembered)
    welcome(user, started)
    cookie.keep(started, principal_of(user, started), is_remembered=is_remembered)
    target = target or url_for("dashboard.show")
    if wants_page():
        flash(f"You are logged in as {user.username}.", "ok")
        response = current_app.make_response(redirect(target, 303))
    else:
        response = as_json(LoggedIn(user.username, list(included_in(user.role)), target))
    known_browser.remember(response, user.id)
    return response


def welcome(user: User, started: Started) -> None:
    """Note the login, and tell its owner of one with a browser that was not seen before."""
    account = db().get_one(User, user.id)
    is_first, account.last_login_at = account.last_login_at is None, now()
    if is_first or user.id in known_browser.marks():
        return
    device = in_words(request.headers.get("User-Agent", ""))
    here, post = Here(now(), request.remote_addr, device), current_app.extensions["post"]
    notices.new_login(db(), post, account, here, credential_id=started.credential.id)


def refuse_changed(user: User) -> None:
    if not browsing.is_unchanged(db(), user):
        raise credentials_invalid()


def end_former(db: Session) -> None:
    """Whoever was logged in with this browser is so no longer: a cookie names one session."""
    former: Principal = current_user
    if former.is_authenticated:
        lifecycle.end(db, former.user_id, former.credential_id)


@bp.get("/logout")
@require(session=True)
def leave() -> ResponseReturnValue:
    return render_template("login/logout.html")


@bp.post("/logout")
@require(session=True)
@answers(None, status=204)
def end(principal: Principal) -> ResponseReturnValue:
    """End the session; every copy of its cookie is dead from the next request."""
    lifecycle.end(db(), principal.user_id, principal.credential_id)
    logout_user()
    session.clear()
    if wants_page():
        flash("You are logged out.", "ok")
        response = current_app.make_response(redirect(url_for("login.new"), 303))
    else:
        response = Response(status=204)
    # What the browser still has of the pages before goes with it.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@bp.get("/confirm")
@require(session=True)
def confirm_form() -> ResponseReturnValue:
    return confirm_page(ConfirmForm(formdata=None, data={"next": safe_path(request.args.get("next")) or ""}))


@bp.post("/confirm")
@require(session=True)
@answers(None, form=ConfirmForm, status=204, refuses=(422, 429))
def confirm(principal: Principal) -> ResponseReturnValue:
    """Prove again who you are, for what asks for a fresh proof."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return confirm_refused(form)
    user = of_id(principal.user_id)
    outcome = flow().begin(attempt(user.username, form.password.data or ""))
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if not isinstance(outcome, Done):
        form.password.errors = ["That is not your password. Try again."]
        return confirm_refused(form)
    refuse_changed(user)
    started = lifecycle.confirm(db(), principal.credential_id, amr=AMR)
    cookie.keep(started, principal_of(user, started), is_remembered=session.permanent)
    if not wants_page():
        return Response(status=204)
    return redirect(safe_path(form.next.data) or url_for("dashboard.show"), 303)


def confirm_refused(form: Form) -> ResponseReturnValue:
    if not wants_page():
        raise form.refused()
    return confirm_page(form), 422


def confirm_page(form: Form) -> str:
    return render_template("login/confirm.html", form=form, minutes=10)


def attempt(identifier: str, password: str) -> Attempt:
    return Attempt(identifier, password, request.remote_addr, known_browser.marks())


def principal_of(user: User, started: Started) -> Principal:
    """Who this request has become; the next one asks the database."""
    credential = started.credential
    return Principal(
        user_id=user.id,
        username=user.username,
        roles=included_in(user.role),
        credential="session",
        credential_id=credential.id,
        expires_at=credential.expires_at,
        auth_time=credential.auth_time,
        amr=credential.amr,
    )


def of_id(user_id: UUID) -> User:
    # Before the write transaction: a hash follows.
    with database().read() as db:
        user = browsing.by_id(db, user_id)
    if user is None:
        raise Problem(404, "There is no such account")
    return user


def browser() -> Browser:
    return Browser(request.headers.get("User-Agent", ""), request.remote_addr)


def flow() -> Flow:
    found: Flow = current_app.extensions["login"]
    return found


def ends() -> Ends:
    found: Ends = current_app.extensions["session_ends"]
    return found
