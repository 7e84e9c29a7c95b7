"""Roles that an identity provider gives by its groups: given at a login, and removed when the group is gone."""

from sqlalchemy.orm import Session

from webapp.accounts import lifecycle
from webapp.accounts.lifecycle import LastSuperAdmin
from webapp.accounts.models import User
from webapp.accounts.roles import RoleGone
from webapp.accounts.service_rules import InvalidServiceOwner

ORDINARY = "user"


def apply_role(
    db: Session, user: User, mapped_role: str | None, previous_role: str | None, *, provider: str
) -> str | None:
    """Give a user the role of the provider's rules, or take away the one that they gave before.

    A role that an administrator has given meanwhile stays, because the rules cannot know the reason. The last super
    administrator stays one.

    Args:
        mapped_role: the role by the rules; None if none of them applies.
        previous_role: the role that they gave before.
        provider: its name, for the audit log.

    Returns:
        The role that the user now has by the rules, to be stored; None if they have it otherwise.
    """
    is_mapped = user.role in (ORDINARY, previous_role)
    target = mapped_role or ORDINARY
    if is_mapped and target != user.role:
        try:
            lifecycle.change_role(db, user, target, reason=provider)
        except (RoleGone, LastSuperAdmin, InvalidServiceOwner):
            return previous_role
    return mapped_role if user.role == mapped_role else None
