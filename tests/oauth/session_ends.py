"""Everything that ends the session in which a user logged in to an app, as calls with a transaction and the user."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.orm import Session

from tests import factories
from webapp.accounts import lifecycle as accounts
from webapp.accounts.models import User
from webapp.credentials.lifecycle import end_every_credential
from webapp.sessions import lifecycle, rotation


def session_of(db: Session, user: User) -> UUID:
    return lifecycle.live(db, user.id)[0][0].id


SESSION_ENDS: dict[str, Callable[[Session, User], object]] = {
    "logout, or ended by its owner or an admin": lambda db, user: lifecycle.end(db, user.id, session_of(db, user)),
    "all sessions ended": lambda db, user: lifecycle.end_others(db, user.id),
    "its cookie was copied": lambda db, user: rotation.end_copied(db, session_of(db, user)),
    "new password": lambda db, user: accounts.set_password(db, user, factories.HASHED),
    "everything ended": lambda db, user: accounts.end_everything(db, user.id),
    "disabled": accounts.disable,
    "closed": accounts.close,
    "deleted": accounts.delete,
    "every credential of the site ended": lambda db, user: end_every_credential(db),
}
