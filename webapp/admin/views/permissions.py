"""Who may call an admin route, by session and by token.

One rule for tokens: by token, nothing may be done that gives anybody a role with admin powers or a way to log in. It
holds for a new account, an existing one and the definition of a role. Otherwise a token that leaks could make itself a
session. A view therefore wears ``grant`` unless it can only take something away, and ``test_admin_routes.py`` lists
every admin route with what each credential is answered.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from flask import Response

from webapp.accounts.admin_actions import looks_after
from webapp.guard import Principal, require
from webapp.guard.session_only import unless_session

FRESH = timedelta(minutes=10)
Wear = Callable[[Callable[..., Any]], Callable[..., Any]]


def read(role: str = "admin") -> Wear:
    return require(role=role, scope="admin:read")


def fill_in(role: str = "admin") -> Wear:
    """A page with a form: by session only, and the proof of identity is asked before anything is typed."""
    return require(role=role, session=True, fresh_within=FRESH)


def grant(role: str = "admin") -> Wear:
    """A change that can give somebody a way to log in or admin powers: by session only."""
    return require(role=role, session=True, fresh_within=FRESH)


def change(role: str = "admin") -> Wear:
    """A change that takes something away, such as disabling a user: a token with ``admin:write`` may make it.

    A session needs a fresh proof, because it may have been left open; the token was made for this very purpose.
    """
    return require(role=role, scope="admin:write", fresh_within=FRESH, spares_tokens=True)


def change_without_fresh_login() -> Wear:
    """A change that needs no fresh proof, such as sending a mail again to the recipient it has."""
    return require(role="admin", scope="admin:write")


def unless_may_assign(principal: Principal, closure: Collection[str]) -> Response | None:
    """The refusal for a token that would assign a role with admin powers; None where the role may be assigned.

    Args:
        closure: every role that the role includes, itself among them.
    """
    return unless_session(principal) if looks_after(closure) else None
