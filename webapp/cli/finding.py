"""Finding whom or what a command names."""

from sqlalchemy.orm import Session

from webapp.accounts import browsing
from webapp.accounts.models import User
from webapp.cli.refusals import Refused


def user_named(db: Session, name: str) -> User:
    """By name or e-mail address."""
    user = browsing.named(db, name)
    if user is None:
        raise Refused(f"There is no user named {name}.")
    return user
