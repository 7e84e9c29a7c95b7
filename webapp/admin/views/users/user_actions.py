"""Admin actions on one user. Each needs a reason and has a confirmation page that shows what ends."""

from uuid import UUID

from flask import abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import admin_actions, deactivation_effects, roles, service_actions
from webapp.accounts.admin_actions import AdminAction
from webapp.accounts.models import User
from webapp.accounts.owner_fields import chosen_owner
from webapp.accounts.service_rules import InvalidServiceOwner, Owner, require_fit
from webapp.admin.forms import ChangeRoleForm, DeleteUserForm, DisableUserForm, HandOverForm, ReasonForm
from webapp.admin.user_details import UserSummary, summaries
from webapp.admin.views.error_responses import outranked, refusals
from webapp.admin.views.permissions import admin_change, admin_form, admin_grant, refuse_unless_may_assign
from webapp.admin.views.users.blueprint import admin_action, bp, locked_user, service_of, user_of
from webapp.admin.views.users.service_account_handover import hand_over_services, new_owner, refuse_unless_may_hand_over
from webapp.core.translation import _
from webapp.credentials.live_counts import live_counts_of
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.form import Form
from webapp.web.known_fields import reads
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db

ACTS = ("disable", "enable", "unlock", "end-sessions", "reset-link", "reset-factors", "role", "hand-over", "delete")
LEAVING = ("disable", "delete")
FORMS = {
    "disable": DisableUserForm,
    "role": ChangeRoleForm,
    "delete": DeleteUserForm,
    "hand-over": HandOverForm,
}


@bp.get("/admin/users/<uuid:user_id>/<act>")
@admin_form()
@reads("reason")
def act_form(principal: Principal, user_id: UUID, act: str) -> ResponseReturnValue:
    if act not in ACTS:
        abort(404)
    form = FORMS.get(act, ReasonForm)(formdata=None, data={"reason": request.args.get("reason", "")})
    return act_page(principal, user_of(user_id), act, form)


def act_page(principal: Principal, user: User, act: str, form: Form) -> str:
    if not admin_actions.may_act_on(principal.roles, roles.included_in(db(), user.role)):
        raise outranked(user.username)
    if act == "hand-over":
        service_of(user.id)
    every_role = roles.lowest_first(db())
    return render_template(
        "admin/user_action.html",
        user=user,
        act=act,
        form=form,
        stops=deactivation_effects.effects_of(db(), user.id) if act in LEAVING else None,
        ends=live_counts_of(db(), user.id),
        wait=current_app.config["FACTOR_RESET_WAIT"],
        every_role=every_role,
        roles=[role for role in every_role if admin_actions.may_grant(principal.roles, role.closure)],
    )


@bp.post("/admin/users/<uuid:user_id>/disable")
@admin_change()
@responds(UserSummary, form=DisableUserForm, refuses=(403, 409, 422))
def disable(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Disable a user. All sessions and tokens end, and the user cannot log in.

    Their service accounts stop too, or are handed over to `services_to` or `services_to_role`, by a session only.
    """
    form = DisableUserForm()
    return refuse_unless_may_hand_over(principal, form) or apply_action(principal, user_id, "disable", form)


@bp.post("/admin/users/<uuid:user_id>/enable")
@admin_grant()
@responds(UserSummary, form=ReasonForm, refuses=(409, 422))
def enable(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Let a disabled user log in again. Sessions stay ended, and tokens revoked."""
    return apply_action(principal, user_id, "enable", ReasonForm())


@bp.post("/admin/users/<uuid:user_id>/unlock")
@admin_grant()
@responds(UserSummary, form=ReasonForm, refuses=(409, 422))
def unlock(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Reset the counts of wrong passwords and codes, so that both are accepted again."""
    return apply_action(principal, user_id, "unlock", ReasonForm())


@bp.post("/admin/users/<uuid:user_id>/end-sessions")
@admin_change()
@responds(UserSummary, form=ReasonForm, refuses=(409, 422))
def end_sessions(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Log a user out everywhere. API tokens stay."""
    return apply_action(principal, user_id, "end-sessions", ReasonForm())


@bp.post("/admin/users/<uuid:user_id>/role")
@admin_change()
@responds(UserSummary, form=ChangeRoleForm, refuses=(403, 409, 422))
def change_role(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Assign a role, effective with the next request. With a token, no role with admin powers can be assigned."""
    form = ChangeRoleForm()
    # Closed before a refusal is recorded, which uses a transaction of its own.
    with database().read() as reading:
        closure = roles.included_in(reading, form.role.data or "")
    return refuse_unless_may_assign(principal, closure) or apply_action(principal, user_id, "role", form)


@bp.post("/admin/users/<uuid:user_id>/delete")
@admin_change()
@responds(None, form=DeleteUserForm, status=204, refuses=(403, 409, 422))
def delete(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Delete a user and all their data. `username` must repeat the user name.

    Their service accounts stop too, or are handed over to `services_to` or `services_to_role`, by a session only.
    """
    form = DeleteUserForm()
    return refuse_unless_may_hand_over(principal, form) or apply_action(principal, user_id, "delete", form)


@bp.post("/admin/users/<uuid:user_id>/reset-factors")
@admin_grant()
@responds(UserSummary, form=ReasonForm, refuses=(409, 422))
def reset_factors(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Remove a user's second factors after a waiting time. The user is informed at once and can stop it."""
    return apply_action(principal, user_id, "reset-factors", ReasonForm())


@bp.post("/admin/users/<uuid:user_id>/hand-over")
@admin_grant()
@responds(UserSummary, form=HandOverForm, refuses=(403, 409, 422))
def hand_over(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Give a service account another owner: a person or a role that has its role. Its tokens go on."""
    return apply_action(principal, user_id, "hand-over", HandOverForm())


def apply_action(principal: Principal, user_id: UUID, act: str, form: Form) -> ResponseReturnValue:
    user = locked_user(user_id)
    if not form.validate_on_submit() or not fits(form, user):
        return form_again(principal, user, act, form)
    name = user.username
    messages = {
        "disable": _("%(username)s is disabled.", username=name),
        "enable": _("%(username)s can log in again.", username=name),
        "unlock": _("%(username)s is unlocked and can log in again.", username=name),
        "end-sessions": _("%(username)s is logged out everywhere.", username=name),
        "reset-factors": _("The reset of %(username)s’s second factors has started. They can stop it.", username=name),
        "role": _("The role of %(username)s was changed.", username=name),
        "hand-over": _("%(username)s was handed over.", username=name),
        "delete": _("%(username)s is deleted.", username=name),
    }
    action = admin_action(principal, form)
    with refusals():
        hand_over_services(action, user, new_owner(form, [user]))
        perform(action, user, act, form)
    if act == "delete":
        return redirect_or_json(url_for("admin_users.index"), messages[act])
    # Admins who disabled themselves are redirected to the login by the guard.
    return redirect_or_json(url_for("admin_users.show", user_id=user.id), messages[act], summaries(db(), [user])[0])


def perform(action: AdminAction, user: User, act: str, form: Form) -> None:
    match act:
        case "disable":
            action.disable(user)
        case "enable":
            action.enable(user)
        case "unlock":
            action.unlock(user)
        case "end-sessions":
            action.end_sessions(user)
        case "reset-factors":
            action.reset_factors(user, wait=current_app.config["FACTOR_RESET_WAIT"])
        case "role":
            action.change_role(user, form["role"].data or "")
        case "hand-over":
            hand_over_to(action, user, form)
        case "delete":
            action.delete(user)


def hand_over_to(action: AdminAction, user: User, form: Form) -> None:
    owner = chosen_owner(db(), form["owner"], form["owner_role"])
    # ``fits`` has refused a form without an owner.
    service_actions.hand_over(action, user, owner or Owner())


def fits(form: Form, user: User) -> bool:
    if isinstance(form, DeleteUserForm) and form.username.data != user.username:
        form.username.errors = [_("This is not the user's name. Type it exactly as shown.")]
    if isinstance(form, ChangeRoleForm) and roles.find(db(), form.role.data or "") is None:
        form.role.errors = [_("This role does not exist.")]
    if isinstance(form, HandOverForm) and (owner := chosen_owner(db(), form.owner, form.owner_role)):
        try:
            require_fit(db(), owner, user.role)
        except InvalidServiceOwner as error:
            (form.owner_role if owner.role else form.owner).errors = [str(error)]
    new_owner(form, [user])
    return not form.errors


def form_again(principal: Principal, user: User, act: str, form: Form) -> ResponseReturnValue:
    return refuse_form(form, lambda: act_page(principal, user, act, form))
