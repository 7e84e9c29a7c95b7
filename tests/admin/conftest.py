"""Whoever looks after others: Chief, a super admin, and Ines, an admin, at her browser and with a script."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories, shared_site
from tests.beginnings import Beginnings
from tests.browser import Person
from tests.prepared_user import PreparedUser, holds
from tests.script import Script
from webapp.accounts.models import User

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture(scope="session")
def beginnings() -> Beginnings:
    return Beginnings()


@pytest.fixture
def user(app: Flask, prepared: PreparedUser, beginnings: Beginnings) -> User:
    return prepared.make(app) if holds(app, prepared._empty) else beginnings.user(app, "ada", "user")


@pytest.fixture
def chief(app: Flask, beginnings: Beginnings) -> User:
    return beginnings.user(app, "chief", "super_admin")


@pytest.fixture
def admin(app: Flask, beginnings: Beginnings) -> User:
    return beginnings.user(app, "ines", "admin")


@pytest.fixture
def ines(app: Flask, admin: User, beginnings: Beginnings) -> Person:
    made = Person(app)

    def log_in() -> tuple[dict[Any, Any], TestResponse]:
        page = made.log_in("ines")
        return dict(made.client._cookies), page

    cookies, made.page = beginnings.once(app, log_in, "login of ines")
    made.client._cookies = dict(cookies)
    return made


@pytest.fixture
def script(app: Flask, admin: User, beginnings: Beginnings) -> Script:
    def issue() -> str:
        return factories.api_token(app, admin, "admin:read", "admin:write").token

    return Script(app, beginnings.once(app, issue, "token of ines"))
