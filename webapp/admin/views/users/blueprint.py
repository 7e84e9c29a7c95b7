"""The blueprint of the pages about users, and what its views share."""

from collections.abc import Collection
from uuid import UUID

from flask import Blueprint

from webapp.accounts import lifecycle, service_queries, user_queries
from webapp.accounts.admin_actions import Actor, AdminAction
from webapp.accounts.models import User
from webapp.accounts.service_queries import OwnedService
from webapp.admin.views.error_responses import no_such_user
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.mail.mailer import Mailer
from webapp.web.form import Form
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import db

bp = Blueprint("admin_users", __name__)


def user_of(user_id: UUID) -> User:
    """The user with the id of the URL.

    Raises:
        Problem: 404.
    """
    found = user_queries.by_id(db(), user_id)
    if found is None:
        raise no_such_user()
    return found


def service_of(user_id: UUID) -> OwnedService:
    """The service account with the id of the URL, with its owner.

    Raises:
        Problem: 404 if there is no such user, 409 if it is a person: nobody creates tokens in the name of another.
    """
    user, found = user_of(user_id), service_queries.one(db(), user_id)
    if found is None:
        title = _("%(username)s is not a service account", username=user.username)
        raise Problem(409, title, _("This is only for service accounts. Nothing was changed."))
    return found


def all_of(user_ids: Collection[UUID]) -> list[User]:
    found = user_queries.by_ids(db(), user_ids)
    if len(found) < len(user_ids):
        raise no_such_user()
    return list(found)


def locked_user(user_id: UUID) -> User:
    """``user_of`` for a change, with the row locked."""
    (found,) = locked_users([user_id])
    return found


def locked_users(user_ids: Collection[UUID]) -> list[User]:
    found = lifecycle.lock_user(db(), user_ids)
    if len(found) < len(user_ids):
        raise no_such_user()
    return list(found.values())


def actor_of(principal: Principal) -> Actor:
    is_token = principal.credential == "token"
    return Actor(principal.user_id, principal.username, principal.roles, is_token=is_token)


def admin_action(principal: Principal, form: Form) -> AdminAction:
    return AdminAction(db(), service(Mailer), actor_of(principal), form["reason"].data or "")
