"""Confirm that it is you."""

from uuid import UUID

from flask import Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import browsing
from webapp.accounts.models import User
from webapp.guard import Principal, require
from webapp.login.flow import AMR, Done, Throttled
from webapp.login.forms import ConfirmForm
from webapp.login.views.blueprint import attempt, bp, flow, principal_of
from webapp.login.views.refusals import throttled
from webapp.sessions import cookie, lifecycle
from webapp.web.contract import answers
from webapp.web.form import Form
from webapp.web.negotiation import wants_page
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.transaction import database, db


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


def of_id(user_id: UUID) -> User:
    # Before the write transaction: a hash follows.
    with database().read() as db:
        user = browsing.by_id(db, user_id)
    if user is None:
        raise Problem(404, "There is no such account")
    return user
