"""/account: the profile and the mail preferences of the caller."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import email_change, mail_preferences, notices, profile
from webapp.accounts.forms import MailsForm, NewEmailForm, ProfileForm
from webapp.accounts.models import User
from webapp.accounts.names import InvalidUserName
from webapp.accounts.profile import Profile
from webapp.accounts.registration import UserNameTaken
from webapp.accounts.roles import included_in
from webapp.accounts.views.blueprint import bp, me
from webapp.accounts.views.request_info import current_circumstances, mailer
from webapp.core.translation import _
from webapp.guard import Principal, require
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's account."""

    id: UUID
    username: str
    display_name: str | None
    email: str | None
    email_verified_at: datetime | None
    pending_email: str | None
    """A requested e-mail address that is not confirmed yet."""
    roles: list[str]
    language: str
    time_zone: str
    theme: str
    mails: dict[str, bool]
    """Informative mails, and whether they are sent."""
    created_at: datetime
    last_login_at: datetime | None
    closes_at: datetime | None


@bp.get("/account", endpoint="show")
@require(scope="profile:read")
@responds(Account)
def account(principal: Principal) -> ResponseReturnValue:
    """Show the caller's account."""
    user = me(principal)
    return show(account_of(user), "accounts/account.html", **account_context(user, form_of(user)))


@bp.post("/account")
@require(session=True)
@responds(Account, form=ProfileForm, refuses=(422,))
def change(principal: Principal) -> ResponseReturnValue:
    """Change the profile. Fields that are left out keep their values."""
    user = me(principal)
    form = form_of(user, is_sent=True)
    if not form.validate_on_submit():
        return form_again(user, form)
    desired = Profile(**{name: getattr(form, name).data for name in Profile.__slots__})
    try:
        former = profile.change(db(), user, desired)
    except UserNameTaken:
        form.username.errors = [_("This user name is taken, or looks like one that is. Choose another.")]
        return form_again(user, form)
    except InvalidUserName as error:
        form.username.errors = [str(error)]
        return form_again(user, form)
    if former:
        notices.name_changed(db(), mailer(), user, current_circumstances(), former=former)
    return redirect_or_json(url_for("account.show"), _("Your profile was saved."), account_of(user))


@bp.post("/account/mails")
@require(session=True)
@responds(Account, form=MailsForm)
def choose_mails(principal: Principal) -> ResponseReturnValue:
    """Choose which informative mails the caller gets. Security mails are always sent."""
    user, form = me(principal), MailsForm()
    if not form.validate_on_submit():
        raise form.refused()
    mail_preferences.choose(db(), user, form.chosen_kinds)
    return redirect_or_json(
        url_for("account.show"), _("Saved. You still get mails about the security of your account."), account_of(user)
    )


def form_of(user: User, *, is_sent: bool = False) -> ProfileForm:
    values = {name: getattr(user, name) for name in Profile.__slots__}
    return ProfileForm(data=values) if is_sent else ProfileForm(formdata=None, data=values)


def form_again(user: User, form: ProfileForm) -> ResponseReturnValue:
    return refuse_form(form, lambda: render_template("accounts/account.html", **account_context(user, form)))


def account_context(user: User, form: ProfileForm, email_form: NewEmailForm | None = None) -> dict[str, Any]:
    waiting = email_change.pending(db(), user.id)
    return {
        "form": form,
        "email_form": email_form or NewEmailForm(formdata=None),
        "mails": MailsForm(formdata=None, data=mail_preferences.chosen(user)),
        "pending": waiting,
        "can_mail": mailer().can_mail,
        "account": account_of(user),
    }


def account_of(user: User) -> Account:
    waiting = email_change.pending(db(), user.id)
    return Account(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        email=user.email,
        email_verified_at=user.email_verified_at,
        pending_email=waiting.email if waiting else None,
        roles=list(included_in(db(), user.role)),
        language=user.language,
        time_zone=user.time_zone,
        theme=user.theme,
        mails=mail_preferences.chosen(user),
        created_at=user.created_at,
        last_login_at=user.last_login_at,
        closes_at=user.closes_at,
    )
