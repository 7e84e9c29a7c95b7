"""Confirm that it is you, and go on with what you were doing."""

from uuid import UUID

from flask import Response, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import browsing
from webapp.accounts.models import User
from webapp.guard import Principal, keeping, require
from webapp.login.flow import AMR, Done, Throttled
from webapp.login.forms import ConfirmForm
from webapp.login.views.blueprint import attempt, bp, ends, flow, principal_of, refuse_changed
from webapp.login.views.refusals import throttled
from webapp.sessions import cookie, lifecycle
from webapp.web.contract import answers
from webapp.web.negotiation import wants_page
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.transaction import database, db

MINUTES = 10


@bp.get("/confirm")
@require(session=True)
def confirm_form() -> ResponseReturnValue:
    return page(safe_path(request.args.get("next")))


@bp.post("/confirm")
@require(session=True)
@answers(None, form=ConfirmForm, status=204, refuses=(422, 429))
def confirm(principal: Principal) -> ResponseReturnValue:
    """Prove again who you are, for what asks for a fresh proof."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return refused(form)
    user = of_id(principal.user_id)
    outcome = flow().begin(attempt(user.username, form.password.data or ""))
    if isinstance(outcome, Throttled):
        return refused(form, throttled(outcome.retry_after))
    if not isinstance(outcome, Done):
        form.password.errors = ["That is not your password. Try again."]
        return refused(form)
    refuse_changed(user)
    started = lifecycle.confirm(db(), principal.credential_id, ends(), amr=AMR)
    cookie.keep(started, principal_of(user, started), is_remembered=session.permanent)
    if not wants_page():
        return Response(status=204)
    return onward(safe_path(form.next.data), keeping.read(form.kept.data))


def onward(target: str | None, fields: keeping.Fields | None) -> ResponseReturnValue:
    if target is None or fields is None:
        return redirect(target or url_for("dashboard.show"), 303)
    # Sent by the person, not by us: a redirect that repeats a post would repeat the password with it.
    return render_template("login/resume.html", target=target, fields=fields)


def refused(form: ConfirmForm, problem: Problem | None = None) -> ResponseReturnValue:
    if not wants_page():
        raise problem or form.refused()
    said = problem.detail if problem else " ".join(form.password.errors)
    # Even one who has to wait keeps what they filled in.
    answer = current_app.make_response(page(safe_path(form.next.data), form.kept.data, said))
    answer.status_code = problem.status if problem else 422
    answer.headers.update(problem.headers if problem else {})
    return answer


def page(target: str | None, kept: str | None = None, error: str | None = None) -> str:
    return render_template("login/confirm.html", target=target, kept=kept, error=error, minutes=MINUTES)


def of_id(user_id: UUID) -> User:
    # Before the write transaction: a hash follows.
    with database().read() as db:
        user = browsing.by_id(db, user_id)
    if user is None:
        raise Problem(404, "There is no such account")
    return user
