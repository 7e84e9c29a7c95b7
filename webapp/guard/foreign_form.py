"""A form sent from a page of an earlier session in this browser: offered again to its user, kept from any other."""

from flask import Response, current_app, render_template, request, url_for

from webapp.core.translation import _
from webapp.guard import form_state, saved_form
from webapp.guard.principal import Principal
from webapp.web import csrf
from webapp.web.negotiation import is_browser
from webapp.web.problems import Action, Problem, problem_response
from webapp.web.redirects import path_and_query

# Endpoints of packages above.
HOME, LOGOUT = "dashboard.show", "login.leave"


def answer(principal: Principal) -> Response | None:
    """The page that answers the form of an earlier session; None if no page of this site sent it.

    Nothing of it is done: the user sends it again with a button. If somebody else is logged in by now, it is saved for
    its user, and nobody else sees it.
    """
    if not is_browser() or request.method != "POST" or (owner := csrf.page_owner()) is None:
        return None
    if owner != principal.user_id:
        return problem_response(other_account(is_kept=saved_form.save(path_and_query())))
    fields = form_state.parse(form_state.serialize())
    if fields is None:
        return None
    page = render_template("login/resume.html", target=path_and_query(), fields=fields, is_of_earlier_session=True)
    return current_app.make_response((page, 403))


def other_account(*, is_kept: bool) -> Problem:
    detail = (
        _(
            "You are logged in with another account now, so nothing was sent. Your form is kept for 1 hour. "
            "To send it, log out, and log in with the account that you filled it in with."
        )
        if is_kept
        else _("You are logged in with another account now, so nothing was sent.")
    )
    actions = [Action(_("Log out"), url_for(LOGOUT)), Action(_("Back to the dashboard"), url_for(HOME))]
    return Problem(403, _("This form belongs to another account"), detail, code="csrf_failed", actions=actions)
