"""Export the data of an account; close an account, and reopen it within the grace period."""

from datetime import datetime

import msgspec
from flask import render_template, session, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import deactivation_effects, lifecycle, notices
from webapp.accounts.export import AppsOf, Export, IdentitiesOf, export
from webapp.accounts.forms import CloseForm
from webapp.accounts.lifecycle import GRACE, LastSuperAdmin
from webapp.accounts.models import User
from webapp.accounts.names import normalized_key
from webapp.accounts.owner_fields import chosen_owner
from webapp.accounts.service_rules import InvalidServiceOwner, Owner
from webapp.accounts.views.blueprint import FRESH, bp, me
from webapp.accounts.views.request_info import current_circumstances, mailer
from webapp.accounts.views.security import security_of
from webapp.core.translation import _
from webapp.guard import Principal, login_manager, require
from webapp.web.api_schema import responds
from webapp.web.negotiation import as_json
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


class Closed(msgspec.Struct, frozen=True):
    closes_at: datetime
    """When it is deleted. Until then the user can log in and keep it."""


@bp.post("/account/export")
@require(session=True, fresh_within=FRESH, spares_closed=True)
@responds(Export)
def export_data(principal: Principal) -> ResponseReturnValue:
    """Everything that is stored about the caller, as one file without secrets."""
    response = as_json(export(db(), me(principal), service(AppsOf), service(IdentitiesOf)))
    response.headers["Content-Disposition"] = 'attachment; filename="account.json"'
    return response


@bp.get("/account/close")
@require(session=True, spares_closed=True)
def close_form(principal: Principal) -> ResponseReturnValue:
    return close_page(principal, me(principal), CloseForm(formdata=None))


def close_page(principal: Principal, user: User, form: CloseForm) -> str:
    form.username.description = _("Enter %(username)s to confirm.", username=user.username)
    facts = {"user": user, "form": form, "security": security_of(principal), "days": GRACE.days}
    stops = deactivation_effects.effects_of(db(), user.id)
    return render_template("accounts/close.html", **facts, stops=stops, roles=principal.roles)


@bp.post("/account/close")
@require(session=True, fresh_within=FRESH)
@responds(Closed, form=CloseForm, refuses=(422,))
def close(principal: Principal) -> ResponseReturnValue:
    """Close the account. All access ends now; the account is deleted in 14 days.

    Service accounts that belong to the caller stop too, or are handed over to `services_to` or `services_to_role`.
    """
    form, user = CloseForm(), me(principal)
    if not form.validate_on_submit():
        return form_again(principal, user, form)
    if normalized_key(form.username.data or "") != user.username_key:
        form.username.errors = [_("This is not your user name.")]
        return form_again(principal, user, form)
    owner = new_owner(principal, user, form)
    if form.errors:
        return form_again(principal, user, form)
    try:
        if owner is not None:
            deactivation_effects.hand_over_all(db(), user, owner, actor_id=user.id)
        closes_at = lifecycle.close(db(), user)
    except LastSuperAdmin:
        form.username.errors = [_("You are the only super admin. Make another user super admin first.")]
        return form_again(principal, user, form)
    notices.account_closed(db(), mailer(), user, current_circumstances(), closes_at=closes_at)
    login_manager.log_out()
    session.clear()
    return redirect_or_json(
        url_for("login.new"),
        _("Your account is closed. To keep it, log in within %(days)s days.", days=GRACE.days),
        Closed(closes_at),
    )


def new_owner(principal: Principal, user: User, form: CloseForm) -> Owner | None:
    """The new owner of the service accounts; None if they stop, or with an error in the form.

    The same answer for names that do not exist and people who cannot have them, so that it says nothing about others.
    """
    person, role = form.services_to, form.services_to_role
    if role.data and role.data not in principal.roles:
        role.errors = [_("Choose one of your roles.")]
        return None
    owner = chosen_owner(db(), person, role, is_required=False)
    try:
        if owner is not None:
            deactivation_effects.check_new_owner(db(), owner, [user])
    except InvalidServiceOwner as error:
        (role if role.data else person).errors = [str(error)]
    if person.errors and not role.data:
        person.errors = [_("This user does not exist or cannot own all of these service accounts. Enter another user.")]
    return owner if not form.errors else None


def form_again(principal: Principal, user: User, form: CloseForm) -> ResponseReturnValue:
    return refuse_form(form, lambda: close_page(principal, user, form))


@bp.post("/account/keep")
@require(session=True, spares_closed=True)
@responds(None, status=204)
def reopen(principal: Principal) -> ResponseReturnValue:
    """Reopen the account, so that it is not deleted."""
    lifecycle.reopen(db(), me(principal))
    return redirect_or_json(
        url_for("dashboard.show"), _("Welcome back. Your account is open again. Your old tokens no longer work.")
    )
