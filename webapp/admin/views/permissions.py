"""Decorators of the admin views: which role, and which credential.

One rule for tokens: with a token, nobody can be given a role with admin powers or a way to log in, be it by a new
account, an existing one or the definition of a role. Otherwise a leaked token could create a session for itself. So
each view has ``grant`` unless it only takes something away; ``test_admin_routes.py`` lists every admin route with the
response to each credential.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from flask import Response

from webapp.accounts.role_closures import administers_users
from webapp.guard import Principal, require
from webapp.guard.view_checks import refuse_unless_session

FRESH = timedelta(minutes=10)
SUPER_ADMIN = "super_admin"
"""The role that administers roles, apps and identity providers."""
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def admin_read(role: str = "admin") -> Decorator:
    """A page or response that changes nothing."""
    return require(role=role, scope="admin:read")


def admin_form(role: str = "admin") -> Decorator:
    """A page with a form: session only, and re-authentication before the form is filled in."""
    return require(role=role, session=True, fresh_within=FRESH)


def admin_grant(role: str = "admin") -> Decorator:
    """A change that can give somebody a way to log in or admin powers: session only."""
    return require(role=role, session=True, fresh_within=FRESH)


def admin_change(role: str = "admin") -> Decorator:
    """A change that takes something away, such as disabling a user; a token with ``admin:write`` may make it.

    A session must have authenticated recently, because it may have been left unattended; a token was issued for this
    purpose.
    """
    return require(role=role, scope="admin:write", fresh_within=FRESH, spares_tokens=True)


def change_without_fresh_login() -> Decorator:
    """A change that needs no recent authentication, such as sending a mail again to the same recipient."""
    return require(role="admin", scope="admin:write")


def refuse_unless_may_assign(principal: Principal, closure: Collection[str]) -> Response | None:
    """The refusal, if a token would assign a role with admin powers; otherwise None.

    Args:
        closure: all roles that the role includes, itself among them.
    """
    return refuse_unless_session(principal) if administers_users(closure) else None
