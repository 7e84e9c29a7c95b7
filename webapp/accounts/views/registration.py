"""/register: create an account, with an invitation or, if registration is open, without one."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from webapp.accounts import invitations, self_registration
from webapp.accounts.forms import RegisterForm
from webapp.accounts.mail_requests import RegistrationByMail
from webapp.accounts.models import Invitation
from webapp.accounts.one_time_links import LinkDead
from webapp.accounts.registration import EmailTaken, NewUser, UserNameTaken
from webapp.accounts.views import link_secret
from webapp.accounts.views.first_login import log_in
from webapp.accounts.views.login_buttons import LoginButtonsFor
from webapp.accounts.views.password_refusals import may_use_password, passwords_off
from webapp.accounts.views.request_info import (
    REQUESTED,
    answer_by_mail,
    check_email,
    check_name,
    check_password,
    current_requester,
    enforce_limit,
    link_problem,
    password_hint,
    passwords,
    roles_of,
)
from webapp.core.translation import _, _l
from webapp.guard import public
from webapp.web.api_schema import responds
from webapp.web.negotiation import as_json, show, wants_page
from webapp.web.problems import Action, Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db

bp = Blueprint("registration", __name__)

INVITATION = "invitation"
# An endpoint of a higher layer.
LOGIN = "login.new"
SENT = _l("We sent a link to your e-mail address. Open it within 2 days to activate your account.")


class RegisterPage(msgspec.Struct, frozen=True):
    csrf_token: str


class Registered(msgspec.Struct, frozen=True):
    """The same response whether or not user name or e-mail address is taken; only the mail differs."""

    detail: str


@dataclass(frozen=True, slots=True)
class RegistrationMode:
    """How somebody may register: with an invitation or openly."""

    invitation: Invitation | None
    asks_email: bool
    """Whether the form has an e-mail address, which must then be verified."""

    @property
    def email(self) -> str | None:
        return self.invitation.email if self.invitation else None

    @property
    def role(self) -> str:
        return self.invitation.role if self.invitation else "user"


@bp.get("/register/<secret>")
@public
def open_link(secret: str) -> ResponseReturnValue:
    link_secret.remember(INVITATION, secret)
    registration_way(secret)
    return redirect(url_for("registration.new"), 303)


@bp.get("/register")
@public
@responds(RegisterPage, refuses=(403, 404))
def new() -> ResponseReturnValue:
    """The registration form, with its CSRF token."""
    secret = link_secret.opened(INVITATION)
    way = registration_way(secret)
    form = form_for(way)
    form.link.data = secret
    return show(RegisterPage(generate_csrf()), "accounts/register.html", **registration_context(form, way))


@bp.post("/register")
@public
@responds(Registered, form=RegisterForm, status=202, refuses=(403, 404, 422, 429))
def create() -> ResponseReturnValue:
    """Register. A mail has the link that activates the account, or says why there is none."""
    secret = link_secret.opened(INVITATION)
    way = registration_way(secret)
    if not may_use_password(way.role):
        raise passwords_off()
    form = form_for(way, is_sent=True)
    if not form.validate_on_submit() or not fits(form, way):
        return form_again(form, way)
    enforce_limit(REQUESTED)
    new = NewUser(
        username=form.username.data or "",
        email=form.email.data if way.asks_email else way.email,
        password_hash=passwords().hash(form.password.data or ""),
        role=way.role,
        # An invitation with an e-mail address was mailed there and shown nowhere else.
        is_verified=way.email is not None,
        must_verify=way.asks_email,
    )
    return register_by_mail(new, secret) if way.asks_email else join(form, way, new, secret)


def register_by_mail(new: NewUser, secret: str) -> ResponseReturnValue:
    if secret:
        try:
            new = replace(new, role=self_registration.spend(db(), secret).role)
        except LinkDead as error:
            raise dead_invitation() from error
    # Taken names are looked up after the response was sent, so that its timing does not show them.
    answer_by_mail(
        RegistrationByMail(
            requester=current_requester(),
            username=new.username,
            email=new.email or "",
            password_hash=new.password_hash,
            role=new.role,
        )
    )
    link_secret.drop(INVITATION)
    return redirect_or_json(url_for("registration.sent"), answer=Registered(str(SENT)), status=202)


def join(form: RegisterForm, way: RegistrationMode, new: NewUser, secret: str) -> ResponseReturnValue:
    """Register with an invitation that proves the e-mail address. Its owner may learn which user names are taken."""
    try:
        user = self_registration.register_with_invitation(db(), secret, new)
    except LinkDead as error:
        raise dead_invitation() from error
    except UserNameTaken:
        form.username.errors = [_("This user name is taken. Choose another.")]
        return form_again(form, way)
    except EmailTaken as error:
        raise has_account() from error
    link_secret.drop(INVITATION)
    if wants_page():
        return log_in(user, _("Your account was created."))
    return as_json(Registered(_("Your account was created. Log in.")), status=202)


@bp.get("/register/sent")
@public
def sent() -> ResponseReturnValue:
    return render_template("accounts/sent.html", message=SENT, again=url_for("registration.new"))


def registration_way(secret: str) -> RegistrationMode:
    """How somebody may register: with an invitation, or openly.

    Raises:
        Problem: 403 if this way to register is not allowed, 404 for an invitation that does not work.
    """
    mode = current_app.config["REGISTRATION"]
    if mode == "closed":
        detail = _("Your administrator creates the accounts. Ask them for one.")
        raise Problem(403, _("Registration is closed"), detail)
    if not secret:
        if mode == "open":
            return RegistrationMode(None, asks_email=True)
        raise Problem(
            403,
            _("You need an invitation to register"),
            _("Ask your administrator for an invitation link."),
        )
    with database().read() as reading:
        invitation = invitations.find(reading, secret)
    if invitation is None:
        raise dead_invitation()
    # A site that cannot send mails cannot verify an e-mail address, so the form has no field for one.
    can_verify = current_app.config["CAN_MAIL"] or mode == "open"
    return RegistrationMode(invitation, asks_email=invitation.email is None and can_verify)


def form_for(way: RegistrationMode, *, is_sent: bool = False) -> RegisterForm:
    form = RegisterForm() if is_sent else RegisterForm(formdata=None)
    if not way.asks_email:
        del form.email
    return form


def fits(form: RegisterForm, way: RegistrationMode) -> bool:
    check_name(form.username)
    if way.asks_email:
        check_email(form.email)
    email = form.email.data if way.asks_email else way.email
    check_password(form.password, name=form.username.data or "", email=email or "", roles=roles_of(way.role))
    return not form.errors


def form_again(form: RegisterForm, way: RegistrationMode) -> ResponseReturnValue:
    return refuse_form(form, lambda: render_template("accounts/register.html", **registration_context(form, way)))


def registration_context(form: RegisterForm, way: RegistrationMode) -> dict[str, Any]:
    form.password.description = password_hint(roles_of(way.role))
    policies = ("open", "domains", "invited") if way.invitation else ("open", "domains")
    buttons = [button for button in service(LoginButtonsFor)(None) if button.policy in policies]
    return {"form": form, "way": way, "has_password": may_use_password(way.role), "login_buttons": buttons}


def dead_invitation() -> Problem:
    link_secret.drop(INVITATION)
    return link_problem(_("This invitation was already used or revoked, or it has expired. Ask for a new one."))


def has_account() -> Problem:
    return Problem(
        409,
        _("This e-mail address already has an account"),
        _("Log in, or set a new password if you forgot yours."),
        actions=(Action(_("Log in"), url_for(LOGIN)), Action(_("Set a new password"), url_for("recovery.forgotten"))),
    )
