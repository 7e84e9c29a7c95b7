"""Find the user or role that a command names."""

import click
from sqlalchemy.orm import Session

from webapp.accounts import roles, user_queries
from webapp.accounts.models import Role, User
from webapp.cli.errors import CommandRefused


def user_named(db: Session, name: str) -> User:
    """The user with this name or e-mail address.

    Raises:
        CommandRefused
    """
    user = user_queries.by_name_or_email(db, name)
    if user is None:
        raise CommandRefused(f"There is no user named {name}.")
    return user


def role_named(db: Session, name: str) -> Role:
    role = roles.find(db, name)
    if role is None:
        raise click.UsageError(f"There is no role {name}. Roles: {', '.join(r.name for r in roles.list_roles(db))}.")
    return role
