"""POST /password-strength: an estimate of a password while it is typed. Nothing of it is stored."""

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.accounts import password_strength
from webapp.accounts.context_words import context_words_of
from webapp.accounts.forms import StrengthForm
from webapp.accounts.passwords import RefusedPassword
from webapp.accounts.views.request_info import ESTIMATED, enforce_limit, passwords, roles_of
from webapp.core.former_names import FormerNames, renamed
from webapp.guard import public
from webapp.web.api_schema import responds
from webapp.web.negotiation import as_json

bp = Blueprint("strength", __name__)


@renamed(says="message")
class Strength(FormerNames, frozen=True):
    fits: bool
    """Whether it may be chosen."""
    score: int
    """From 0 to 4."""
    message: str
    says: str = ""
    """Former name of `message`."""


@bp.post("/password-strength")
@public
@responds(Strength, form=StrengthForm, refuses=(422, 429, 503))
def estimate() -> ResponseReturnValue:
    """How hard a password is to guess, and whether it may be chosen."""
    form = StrengthForm()
    if not form.validate_on_submit():
        raise form.refused()
    enforce_limit(ESTIMATED)
    name, email, site_name = form.username.data or "", form.email.data or "", current_app.config["SITE_NAME"]
    password = form.password.data or ""
    # The role from the page is not checked: it only changes the minimum length, which is checked again on submission.
    roles = roles_of(form.role.data) if form.role.data else getattr(current_user, "roles", ())
    try:
        passwords().check(password, username=name, email=email, site_name=site_name, roles=roles)
    except RefusedPassword as error:
        return as_json(Strength(False, 0, str(error)))
    score = passwords().estimate(password, context_words_of(name, email, site_name))
    return as_json(Strength(True, score, str(password_strength.LABELS[score])))
