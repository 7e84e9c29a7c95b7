"""The page for users to whom an app is not open: they request access there, and see what became of the request."""

from datetime import timedelta

from flask import make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.core.ratelimit import Limit, Limiter
from webapp.core.translation import _
from webapp.forward_auth import access_requests, grants, lifecycle
from webapp.forward_auth.access_requests import AlreadyAsked
from webapp.forward_auth.approvers import mail_approvers
from webapp.forward_auth.forms import AskForm
from webapp.forward_auth.models import ProxiedApp
from webapp.forward_auth.proxied_apps import AppPolicy
from webapp.forward_auth.views.blueprint import bp, forward_auth
from webapp.guard import Principal, require
from webapp.login.views.login_errors import throttled
from webapp.mail.mailer import Mailer
from webapp.web.api_schema import responds
from webapp.web.negotiation import wants_page
from webapp.web.problems import Action, Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db

ASKED = Limit("app-access", 10, timedelta(days=1))
"""Requests of one user, for any apps: each is a mail to somebody."""


def no_access(app: AppPolicy, principal: Principal) -> ResponseReturnValue:
    """403 for a user who may not open a page of an app.

    Raises:
        Problem: the same for scripts.
    """
    if not wants_page():
        raise Problem(403, *words(app, principal), code="role_required")
    if not access_requests.may_ask(db(), app, principal):
        back = Action(_("Back to the dashboard"), url_for("dashboard.show"))
        raise Problem(403, *words(app, principal), code="role_required", actions=(back,))
    return make_response(not_for_page(app, principal, AskForm(formdata=None)), 403)


def words(app: AppPolicy, principal: Principal) -> tuple[str, str]:
    """Title and detail."""
    return _("You cannot open this page of %(app)s", app=app.name), _(
        "You are logged in as %(username)s, and the page is for other people. Ask an administrator of this site "
        "for access, or log out and log in with another account.",
        username=principal.username,
    )


def not_for_page(app: AppPolicy, principal: Principal, form: AskForm) -> str:
    open_request = access_requests.open_request(db(), principal.user_id, app.id)
    return render_template(
        "forward_auth/no_access.html", app=app, form=form, asked=open_request, username=principal.username
    )


@bp.post("/account/app-access/<slug>/ask")
@require(session=True)
@responds(None, form=AskForm, status=204, refuses=(404, 409, 422, 429))
def send_request(principal: Principal, slug: str) -> ResponseReturnValue:
    """Ask for access to an app that is for others. Whoever decides gets a mail."""
    form, app = AskForm(), next((app for app in forward_auth().table().by_host.values() if app.slug == slug), None)
    is_valid = form.validate_on_submit()
    with database().read() as reading:
        found = app if app is not None and access_requests.may_ask(reading, app, principal) else None
    if found is None:
        raise app_not_found() if is_valid else form.refused()
    if not is_valid:
        return refuse_form(form, lambda: not_for_page(found, principal, form))
    # Before the transaction of the request, because it writes in one of its own.
    limit = service(Limiter).take(ASKED, principal.user_id.hex)
    if not limit.allowed:
        raise throttled(limit.retry_after)
    row, reason = app_row(slug), form.reason.data or ""
    try:
        access_requests.request_access(db(), principal.user_id, row, reason)
    except AlreadyAsked as error:
        raise Problem(409, _("Already asked"), _("Nobody has decided about your request yet.")) from error
    access_url = url_for("forward_auth.app_access", slug=slug)
    mail_approvers(db(), service(Mailer), row, username=principal.username, reason=reason, path=access_url)
    return redirect_or_json(url_for("forward_auth.own_access"), _("You get a mail when somebody has decided."))


def app_not_found() -> Problem:
    return Problem(404, _("App not found"), _("There is no such app, or you may open it already."))


@bp.post("/account/app-access/<slug>/end")
@require(session=True)
@responds(None, status=204, refuses=(404,))
def end_own_access(principal: Principal, slug: str) -> ResponseReturnValue:
    """End your own access to an app before its time."""
    if not grants.end(db(), app_row(slug), principal.user_id, actor_id=principal.user_id):
        raise Problem(404, _("No access"), _("It has ended, or there was none."))
    return redirect_or_json(url_for("forward_auth.own_access"), _("Your access has ended."))


def app_row(slug: str) -> ProxiedApp:
    """Look up an app by its short name.

    Raises:
        Problem: 404
    """
    row = lifecycle.by_slug(db(), slug)
    if row is None:
        raise Problem(404, _("App not found"), _("There is no such app."))
    return row
