"""approvers(): who decides about access to an app, to be mailed."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from webapp.accounts import roles, user_lookup, user_queries
from webapp.accounts.models import User
from webapp.forward_auth.models import ProxiedApp
from webapp.mail.mailer import Mailer

ROLE = "admin"
MAX_DECIDERS = 10
"""Administrators who are mailed about one request."""


def approvers(db: Session, app: ProxiedApp) -> Sequence[User]:
    """The owner of an app; administrators if it has none who can log in."""
    owner = user_queries.by_id(db, app.owner_id) if app.owner_id else None
    if owner is not None and owner.disabled_at is None and owner.closes_at is None and owner.email is not None:
        return [owner]
    return user_lookup.reachable_by_mail(db, roles.reaching(db, ROLE), limit=MAX_DECIDERS)


def mail_approvers(db: Session, mailer: Mailer, app: ProxiedApp, *, username: str, reason: str, path: str) -> None:
    """Mail about a request for access.

    Args:
        path: of the page where it is decided.
    """
    for user in approvers(db, app):
        facts = {"app": app.name, "person": username, "reason": reason, "path": path}
        mailer.send(db, "access_requested", user.email or "", user_id=user.id, username=user.username, **facts)


def mail_decision(db: Session, mailer: Mailer, app: ProxiedApp, user: User, **facts: object) -> None:
    """Mail the user who had asked.

    Args:
        facts: ``is_granted``, and ``until`` unless it is permanent.
    """
    if user.email is not None:
        mailer.send(db, "access_decided", user.email, user_id=user.id, username=user.username, app=app.name, **facts)
