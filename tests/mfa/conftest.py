"""A site with a name, for which browsers make passkeys; and one that demands a second factor of its admins."""

import pytest
from flask import Flask

from tests import factories, shared_site
from tests.second_factors import NAMED, App, with_app
from webapp.accounts.models import User

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture
def app(make_app) -> Flask:
    return make_app(**NAMED)


@pytest.fixture
def totp(app: Flask, user: User) -> App:
    """Ada has an authenticator app."""
    return with_app(app, user)


@pytest.fixture
def strict(make_app) -> Flask:
    """A site that demands a second factor of its admins."""
    return make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="admin")


@pytest.fixture
def admin(strict: Flask) -> User:
    return factories.user(strict, "mara", role="admin")
