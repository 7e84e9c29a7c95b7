"""Linked identities of users, as tests look at them."""

from flask import Flask

from tests import factories
from webapp.accounts.models import User
from webapp.federation import linking


def subjects_of(app: Flask, user: User) -> list[str]:
    """The subjects of the identities that are linked to a user, the oldest first."""
    with factories.database_of(app).read() as db:
        return [link.subject for link in linking.of_user(db, user.id)]


def without_password(app: Flask, user: User) -> None:
    with factories.database_of(app).write() as db:
        db.get_one(User, user.id).password_hash = ""
