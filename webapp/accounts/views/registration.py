"""Making an account: by oneself where the house is open, by an invitation where somebody made one."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from webapp.accounts import invitations, self_registration
from webapp.accounts.forms import RegisterForm
from webapp.accounts.models import Invitation
from webapp.accounts.notices import Circumstances
from webapp.accounts.one_time_links import LinkDead
from webapp.accounts.registration import EmailTaken, NewUser, UserNameTaken
from webapp.accounts.views import link_secret
from webapp.accounts.views.request_info import (
    ASKED,
    check_address,
    check_name,
    current_circumstances,
    dead,
    hint,
    judge,
    may_mail_registration,
    passwords,
    post,
    roles_of,
    take_turn,
)
from webapp.core.client_network import network_of
from webapp.guard import public
from webapp.mail.mailer import Mailer
from webapp.web import after_response
from webapp.web.api_schema import responds
from webapp.web.negotiation import as_json, show, wants_page
from webapp.web.problems import Action, Problem
from webapp.web.transaction import database, db

bp = Blueprint("registration", __name__)

INVITATION = "invitation"
# The door above, by its name.
LOGIN = "login.new"
SENT = "We sent a link to your e-mail address. Open it within 2 days to activate your account."


class RegisterPage(msgspec.Struct, frozen=True):
    csrf_token: str


class Registered(msgspec.Struct, frozen=True):
    """The same, whether or not name or address is taken: the mail says which."""

    detail: str


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody comes in."""

    invitation: Invitation | None
    asks_address: bool
    """Whether they type an address, which then has to be verified."""

    @property
    def address(self) -> str | None:
        return self.invitation.email if self.invitation else None

    @property
    def role(self) -> str:
        return self.invitation.role if self.invitation else "user"


@bp.get("/register/<secret>")
@public
def arrive(secret: str) -> ResponseReturnValue:
    link_secret.take(INVITATION, secret)
    way_in(secret)
    return redirect(url_for("registration.new"), 303)


@bp.get("/register")
@public
@responds(RegisterPage, refuses=(403, 404))
def new() -> ResponseReturnValue:
    """The form that makes an account; its CSRF token goes with the answer."""
    way = way_in(link_secret.secret_in_session(INVITATION))
    form = form_for(way)
    return show(RegisterPage(generate_csrf()), "accounts/register.html", **registration_context(form, way))


@bp.post("/register")
@public
@responds(Registered, form=RegisterForm, status=202, refuses=(403, 404, 422, 429))
def create() -> ResponseReturnValue:
    """Ask for an account; a mail with the link that opens it, or with why there is none, goes to the address."""
    secret = link_secret.secret_in_session(INVITATION)
    way = way_in(secret)
    form = form_for(way, is_sent=True)
    if not form.validate_on_submit() or not fits(form, way):
        return form_again(form, way)
    take_turn(ASKED)
    new = NewUser(
        username=form.username.data or "",
        email=form.email.data if way.asks_address else way.address,
        password_hash=passwords().hash(form.password.data or ""),
        role=way.role,
        # An invitation with an address was mailed there and shown to nobody.
        is_verified=way.address is not None,
        must_verify=way.asks_address,
    )
    return told_by_mail(new, secret) if way.asks_address else join(form, way, new, secret)


def told_by_mail(new: NewUser, secret: str) -> ResponseReturnValue:
    if secret:
        try:
            new = replace(new, role=self_registration.spend(db(), secret).role)
        except LinkDead as error:
            raise dead_invitation() from error
    box, seen, network = post(), current_circumstances(), network_of(request.remote_addr)
    # Whether name or address is taken is found out when the answer is on its way, so that its time does not tell.
    after_response.after_response_unseen(lambda: begin(new, box, seen, network))
    link_secret.drop(INVITATION)
    if not wants_page():
        return as_json(Registered(SENT), status=202)
    return redirect(url_for("registration.sent"), 303)


def begin(new: NewUser, box: Mailer, seen: Circumstances, network: str) -> None:
    if may_mail_registration(new.email or "", network):
        with database().write() as writing:
            self_registration.begin(writing, box, new, seen)


def join(form: RegisterForm, way: Way, new: NewUser, secret: str) -> ResponseReturnValue:
    """Whoever holds such an invitation is known to the house, and may be told plainly."""
    try:
        self_registration.join(db(), secret, new)
    except LinkDead as error:
        raise dead_invitation() from error
    except UserNameTaken:
        form.username.errors = ["This user name is taken. Choose another."]
        return form_again(form, way)
    except EmailTaken as error:
        raise has_account() from error
    link_secret.drop(INVITATION)
    words = "Your account was created. Log in."
    if not wants_page():
        return as_json(Registered(words), status=202)
    flash(words, "ok")
    return redirect(url_for(LOGIN), 303)


@bp.get("/register/sent")
@public
def sent() -> ResponseReturnValue:
    return render_template("accounts/sent.html", words=SENT, again=url_for("registration.new"))


def way_in(secret: str) -> Way:
    """
    Raises:
        Problem: 403 where the house takes nobody in like this, 404 for an invitation that does not work.
    """
    mode = current_app.config["REGISTRATION"]
    if mode == "closed":
        raise Problem(403, "Registration is closed", "Your administrator creates the accounts. Ask them for one.")
    if not secret:
        if mode == "open":
            return Way(None, asks_address=True)
        raise Problem(
            403,
            "You need an invitation to register",
            "Ask your administrator for an invitation link.",
        )
    with database().read() as reading:
        invitation = invitations.find(reading, secret)
    if invitation is None:
        raise dead_invitation()
    # A house that cannot send mails verifies no address, so it asks none: who holds the link was given it by somebody.
    can_verify = current_app.config["CAN_MAIL"] or mode == "open"
    return Way(invitation, asks_address=invitation.email is None and can_verify)


def form_for(way: Way, *, is_sent: bool = False) -> RegisterForm:
    form = RegisterForm() if is_sent else RegisterForm(formdata=None)
    if not way.asks_address:
        del form.email
    return form


def fits(form: RegisterForm, way: Way) -> bool:
    check_name(form.username)
    if way.asks_address:
        check_address(form.email)
    address = form.email.data if way.asks_address else way.address
    judge(form.password, name=form.username.data or "", address=address or "", roles=roles_of(way.role))
    return not form.errors


def form_again(form: RegisterForm, way: Way) -> ResponseReturnValue:
    if not wants_page():
        raise form.refused()
    return render_template("accounts/register.html", **registration_context(form, way)), 422


def registration_context(form: RegisterForm, way: Way) -> dict[str, Any]:
    form.password.description = hint(roles_of(way.role))
    return {"form": form, "way": way}


def dead_invitation() -> Problem:
    link_secret.drop(INVITATION)
    return dead("This invitation was already used or revoked, or it has expired. Ask for a new one.")


def has_account() -> Problem:
    return Problem(
        409,
        "This e-mail address already has an account",
        "Log in, or set a new password if you forgot yours.",
        actions=(Action("Log in", url_for(LOGIN)), Action("Set a new password", url_for("recovery.forgotten"))),
    )
