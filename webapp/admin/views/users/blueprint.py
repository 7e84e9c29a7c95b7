"""The blueprint of the pages about people, and what its doors share."""

from uuid import UUID

from flask import Blueprint, current_app

from webapp.accounts import browsing
from webapp.accounts.care import Actor, Care
from webapp.accounts.models import User
from webapp.admin.views.refusals import nobody
from webapp.guard import Principal
from webapp.web.form import Form
from webapp.web.transaction import db

bp = Blueprint("admin_users", __name__)


def user_of(user_id: UUID, *, for_update: bool = False) -> User:
    found = browsing.by_id(db(), user_id, for_update=for_update)
    if found is None:
        raise nobody()
    return found


def caring(principal: Principal, form: Form) -> Care:
    is_token = principal.credential == "token"
    actor = Actor(principal.user_id, principal.username, principal.roles, is_token=is_token)
    return Care(db(), current_app.extensions["post"], actor, (form["reason"].data or "").strip())
