"""/setup: create the first account with the link that is printed at the first start."""

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from webapp.accounts import one_time_links, registration
from webapp.accounts.forms import SetupForm
from webapp.accounts.names import InvalidEmail, InvalidUserName, checked_email, checked_name
from webapp.accounts.passwords import Passwords, RefusedPassword
from webapp.accounts.registration import SETUP, EmailTaken, NewUser, UserNameTaken
from webapp.accounts.views.first_login import log_in
from webapp.accounts.views.request_info import link_problem, password_hint, roles_of
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.guard import public
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import refuse_form
from webapp.web.transaction import database, db

bp = Blueprint("setup", __name__)


@bp.get("/setup/<secret>")
@public
def show(secret: str) -> ResponseReturnValue:
    minutes_left(secret)
    return setup_page(SetupForm(formdata=None), secret)


@bp.post("/setup/<secret>")
@public
@reads(form=SetupForm)
def create(secret: str) -> ResponseReturnValue:
    minutes_left(secret)
    form = SetupForm()
    if not form.validate_on_submit() or not fits(form):
        return form_again(form, secret)
    new = NewUser(
        username=form.username.data or "",
        email=form.email.data,
        password_hash=passwords().hash(form.password.data or ""),
        role="super_admin",
    )
    try:
        user = registration.create_first_admin(db(), secret, new)
    except one_time_links.LinkDead as error:
        raise dead_link() from error
    except UserNameTaken:
        form.username.errors = [_("This user name is taken, or looks like one that is. Choose another.")]
        return form_again(form, secret)
    except EmailTaken:
        form.email.errors = [_("Another account already uses this e-mail address.")]
        return form_again(form, secret)
    return log_in(user, _("Your account was created."))


def fits(form: SetupForm) -> bool:
    """Check user name, e-mail address and password. Errors are added to the fields."""
    site_name, roles = current_app.config["SITE_NAME"], roles_of("super_admin")
    name, email, password = form.username.data or "", form.email.data or "", form.password.data or ""
    for field, check in (
        (form.username, lambda: checked_name(name)),
        (form.email, lambda: checked_email(email)),
        (
            form.password,
            lambda: passwords().check(password, username=name, email=email, site_name=site_name, roles=roles),
        ),
    ):
        try:
            check()
        except (InvalidUserName, InvalidEmail, RefusedPassword) as error:
            field.errors = [str(error)]
    return not form.errors


def form_again(form: SetupForm, secret: str) -> ResponseReturnValue:
    return refuse_form(form, lambda: setup_page(form, secret))


def setup_page(form: SetupForm, secret: str) -> str:
    form.password.description = password_hint(roles_of("super_admin"))
    return render_template("accounts/setup.html", form=form, minutes_left=minutes_left(secret))


def minutes_left(secret: str) -> int:
    # In a transaction of its own: a password is hashed afterwards, and no writer may wait for that.
    with database().read() as db:
        ends_at = one_time_links.ends_at(db, SETUP, secret)
    if ends_at is None:
        raise dead_link()
    return max(1, int((ends_at - now()).total_seconds() // 60))


def dead_link() -> Problem:
    return link_problem(_("It was already used, or it has expired. Restarting the site creates a new one."))


def passwords() -> Passwords:
    return service(Passwords)
