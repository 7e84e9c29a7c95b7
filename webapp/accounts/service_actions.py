"""What administrators do with service accounts besides the actions on all users: create them, hand them over."""

from sqlalchemy.orm import Session

from webapp.accounts import roles, service_accounts
from webapp.accounts.admin_actions import Actor, AdminAction, NotYoursToGrant, may_grant
from webapp.accounts.models import User
from webapp.accounts.roles import RoleGone
from webapp.accounts.service_rules import Owner


def create(db: Session, actor: Actor, name: str, *, role: str, owner: Owner, purpose: str) -> User:
    """Create a service account.

    Raises:
        RoleGone: there is no such role.
        NotYoursToGrant: the actor may not assign it.
        InvalidServiceOwner, InvalidUserName, UserNameTaken
    """
    closure = roles.included_in(db, role)
    if not closure:
        raise RoleGone(role)
    if not may_grant(actor.roles, closure):
        raise NotYoursToGrant(role)
    return service_accounts.create(
        db, name, role=role, owner=owner, purpose=purpose, origin="admin", actor_id=actor.user_id
    )


def hand_over(action: AdminAction, user: User, owner: Owner) -> None:
    """Give a service account another owner.

    Raises:
        TargetOutranksActor: the service account has roles that the actor lacks.
        InvalidServiceOwner
    """
    action.check_target(user)
    service_accounts.hand_over(action.db, user, owner, actor_id=action.actor.user_id, reason=action.reason)
