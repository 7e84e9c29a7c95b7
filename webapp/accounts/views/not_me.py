""" "This was not me": the link in every security mail, which works without a login."""

import msgspec
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import recovery
from webapp.accounts.links import LinkDead
from webapp.accounts.models import User
from webapp.accounts.notices import NOT_ME, RESET_BEGUN
from webapp.accounts.views import carried
from webapp.accounts.views.surroundings import dead, here, passwords, post
from webapp.guard import public
from webapp.kernel.digests import new_secret
from webapp.web.contract import answers
from webapp.web.negotiation import as_json, wants_page
from webapp.web.problems import Problem
from webapp.web.transaction import database, db

bp = Blueprint("not_me", __name__)

# The door above, by its name.
LOGIN = "login.new"

WHAT = {
    "new_login": "a login with another browser",
    "new_script_login": "a login of a script that was not seen before",
    "password_changed": "a change of your password",
    "password_reset": "a new password by a mailed link",
    "factors_changed": "a change of how you log in",
    "recovery_code_used": "a login with a recovery code",
    RESET_BEGUN: "a reset of your second factors",
    "passkey_behind": "a passkey that may have been copied",
}


class Disowned(msgspec.Struct, frozen=True):
    is_mailed: bool
    """Whether a link for a new password went to the address that this one had come to."""


@bp.get("/not-me/<secret>")
@public
def arrive(secret: str) -> ResponseReturnValue:
    about(secret)
    carried.take(NOT_ME, secret)
    return redirect(url_for("not_me.ask"), 303)


@bp.get("/not-me")
@public
def ask() -> ResponseReturnValue:
    what, user = about(carried.held(NOT_ME))
    page = "accounts/not_me_reset.html" if what == RESET_BEGUN else "accounts/not_me.html"
    return render_template(page, what=WHAT.get(what, what), user=user)


@bp.post("/not-me")
@public
@answers(Disowned, refuses=(404,))
def end() -> ResponseReturnValue:
    """End all sessions and what was made since, and lock the password; a link for a new one is mailed."""
    secret = carried.held(NOT_ME)
    what, user = about(secret)
    nobodys = passwords().hash(new_secret())
    try:
        is_mailed = recovery.disown(db(), post(), secret, nobodys, here())
    except LinkDead as error:
        raise dead_link() from error
    carried.drop(NOT_ME)
    if not wants_page():
        return as_json(Disowned(is_mailed))
    if what == RESET_BEGUN:
        flash("The reset is stopped. Your second factors stay as they are.", "ok")
        return redirect(url_for(LOGIN), 303)
    return redirect(url_for("not_me.ended", kept="elsewhere" if user.is_known_elsewhere else None), 303)


@bp.get("/not-me/ended")
@public
def ended() -> ResponseReturnValue:
    return render_template("accounts/not_me_ended.html", is_elsewhere=request.args.get("kept") == "elsewhere")


def about(secret: str) -> tuple[str, User]:
    try:
        with database().read() as reading:
            link, user = recovery.disowned(reading, secret)
    except LinkDead as error:
        raise dead_link() from error
    return (link.facts or {})["what"], user


def dead_link() -> Problem:
    return dead("It was used, or it is older than seven days. Set a new password instead: that ends every session too.")
