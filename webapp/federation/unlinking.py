"""Remove a login with an identity provider from another account, as an administrator."""

from webapp.accounts.admin_actions import AdminAction
from webapp.accounts.linked_logins import LinkedLogin
from webapp.accounts.models import User
from webapp.credentials import logins
from webapp.federation import linking
from webapp.federation.models import LinkedIdentity, LoginProvider


def by_admin(action: AdminAction, user: User, identity: LinkedLogin) -> None:
    """Remove a linked identity, end all sessions and script logins, record who did it and why, and mail the user.

    Raises:
        TargetOutranksActor: the user has roles that the actor lacks.
        OwnAccount: the actor is a token of the user.
    """
    action.check_target(user)
    link = action.db.get_one(LinkedIdentity, identity.id)
    provider = action.db.get_one(LoginProvider, link.provider_id)
    linking.remove(action.db, link, provider, actor_id=action.actor.user_id, reason=action.reason)
    logins.end_logins(action.db, user.id)
    action.mail_user(user, "credential_ended", credential="identity", name=identity.provider)
