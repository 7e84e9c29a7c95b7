"""/login/resume: send a form again that was saved because its session had ended."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.guard import Principal, require, saved_form
from webapp.guard.saved_form import NotTheirForm
from webapp.login.forms import LoginForm
from webapp.login.views.blueprint import bp
from webapp.login.views.login_page import login_page_context
from webapp.web.negotiation import wants_page
from webapp.web.redirects import safe_path
from webapp.web.transaction import db


def login_page_for_saved_form(form_url: str) -> str:
    """The login page that the guard shows instead of the response to ``form_url``."""
    form = LoginForm(formdata=None, data={"next": url_for("login.resume")})
    return render_template("login/login.html", form=form, form_url=form_url, **login_page_context(None))


@bp.get("/login/resume")
@require(session=True)
def resume(principal: Principal) -> ResponseReturnValue:
    try:
        found = saved_form.find(db(), principal.user_id)
    except NotTheirForm:
        return to_dashboard(_("The form you filled in belonged to another account, so it was discarded."), "warn")
    target = safe_path(found.target) if found else None
    if found is None or target is None:
        return to_dashboard(_("Your saved form has expired or was already sent."), "message")
    # The user sends the form again: after the break they may have changed their mind.
    return render_template("login/resume.html", target=target, fields=found.fields)


def to_dashboard(message: str, category: str) -> ResponseReturnValue:
    """Redirect, with a message for people; a script would never see it, and the next page would."""
    if wants_page():
        flash(message, category)
    return redirect(url_for("dashboard.show"), 303)
