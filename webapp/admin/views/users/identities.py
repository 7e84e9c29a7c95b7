"""Removing a login with an identity provider from a user, after a page that says whether it is their only one."""

from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import admin_actions, roles
from webapp.accounts.linked_logins import LinkedLogin
from webapp.accounts.models import User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.admin.forms import ReasonForm
from webapp.admin.user_details import UserSummary, summaries
from webapp.admin.views.error_responses import outranked, refusals
from webapp.admin.views.permissions import admin_change, admin_form
from webapp.admin.views.users.blueprint import admin_action, bp, locked_user, user_of
from webapp.core.translation import _
from webapp.federation import unlinking
from webapp.guard import Principal
from webapp.mfa import factors
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


@bp.get("/admin/users/<uuid:user_id>/identities/<uuid:identity_id>/unlink")
@admin_form()
def unlink_form(principal: Principal, user_id: UUID, identity_id: UUID) -> ResponseReturnValue:
    user = user_of(user_id)
    if not admin_actions.may_act_on(principal.roles, roles.included_in(db(), user.role)):
        raise outranked(user.username)
    return unlink_page(user, identity_of(user, identity_id), ReasonForm(formdata=None))


@bp.post("/admin/users/<uuid:user_id>/identities/<uuid:identity_id>/unlink")
@admin_change()
@responds(UserSummary, form=ReasonForm, refuses=(404, 422))
def unlink(principal: Principal, user_id: UUID, identity_id: UUID) -> ResponseReturnValue:
    """Remove a login with an identity provider. The user's sessions and script logins end, and the user is notified."""
    user, form = locked_user(user_id), ReasonForm()
    action = admin_action(principal, form)
    with refusals():
        action.check_target(user)
    identity = identity_of(user, identity_id)
    if not form.validate_on_submit():
        return refuse_form(form, lambda: unlink_page(user, identity, form))
    with refusals():
        unlinking.by_admin(action, user, identity)
    message = _(
        "%(username)s can no longer log in with %(provider)s.", username=user.username, provider=identity.provider
    )
    return redirect_or_json(url_for("admin_users.show", user_id=user.id), message, summaries(db(), [user])[0])


def identity_of(user: User, identity_id: UUID) -> LinkedLogin:
    """The linked identity of a user with the id of the URL.

    Raises:
        Problem: 404 if the user has no such identity.
    """
    for identity in service(NonPasskeyLogins).linked.of_user(db(), user.id):
        if identity.id == identity_id:
            return identity
    raise Problem(404, _("Not found"), _("It has already been removed, or it does not belong to this user."))


def unlink_page(user: User, identity: LinkedLogin, form: ReasonForm) -> str:
    non_passkey_logins = service(NonPasskeyLogins)
    has_others = non_passkey_logins.passwords.has_usable(db(), user) or factors.of(db(), user.id).passkeys > 0
    is_last = identity.works and not has_others and non_passkey_logins.linked.usable(db(), user.id) == 1
    return render_template("admin/unlink.html", user=user, identity=identity, form=form, is_last=is_last)
