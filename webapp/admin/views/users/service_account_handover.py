"""Hands over the service accounts of users who are disabled or deleted, in the form that disables or deletes them."""

from collections.abc import Sequence

from flask import Response

from webapp.accounts import deactivation_effects
from webapp.accounts.admin_actions import AdminAction
from webapp.accounts.models import User
from webapp.accounts.owner_fields import chosen_owner
from webapp.accounts.service_rules import InvalidServiceOwner, Owner
from webapp.admin.forms import NewOwnerFields
from webapp.guard import Principal
from webapp.guard.view_checks import refuse_unless_session
from webapp.web.form import Form
from webapp.web.transaction import db


def refuse_unless_may_hand_over(principal: Principal, form: Form) -> Response | None:
    """The refusal, if a token would hand something over: the new owner could create tokens. Otherwise None.

    Called before the transaction of the request, because the refusal is recorded in one of its own.
    """
    hands_over = isinstance(form, NewOwnerFields) and (form.services_to.data or form.services_to_role.data)
    return refuse_unless_session(principal) if hands_over else None


def new_owner(form: Form, leaving: Sequence[User]) -> Owner | None:
    """The new owner that the form names; None without one, or with an error at a field of the form."""
    if not isinstance(form, NewOwnerFields):
        return None
    owner = chosen_owner(db(), form.services_to, form.services_to_role, is_required=False)
    if owner is not None:
        try:
            deactivation_effects.check_new_owner(db(), owner, leaving)
        except InvalidServiceOwner as error:
            (form.services_to_role if owner.role else form.services_to).errors = [str(error)]
            return None
    return owner


def hand_over_services(action: AdminAction, user: User, owner: Owner | None) -> None:
    if owner is not None:
        action.check_target(user)
        deactivation_effects.hand_over_all(db(), user, owner, actor_id=action.actor.user_id, reason=action.reason)
