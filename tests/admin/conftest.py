"""Whoever looks after others: Chief, a super admin, and Ines, an admin, at her browser and with a script."""

import pytest
from flask import Flask

from tests import factories, shared_site
from tests.browser import Person
from tests.script import Script
from webapp.accounts.models import User

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture
def chief(app: Flask) -> User:
    return factories.user(app, "chief", role="super_admin")


@pytest.fixture
def admin(app: Flask) -> User:
    return factories.user(app, "ines", role="admin")


@pytest.fixture
def ines(app: Flask, admin: User) -> Person:
    made = Person(app)
    made.log_in("ines")
    return made


@pytest.fixture
def script(app: Flask, admin: User) -> Script:
    return Script(app, factories.api_token(app, admin, "admin:read", "admin:write").token)
