"""Whoever looks after others: Chief, a super admin, and Ines, an admin, at her browser and with a script."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories, shared_site
from tests.browser import Person
from tests.prepared_states import PreparedStates
from tests.prepared_user import PreparedUser, holds
from tests.script import Script
from webapp.accounts.models import User

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture(scope="session")
def prepared_states() -> PreparedStates:
    return PreparedStates()


@pytest.fixture
def user(app: Flask, prepared: PreparedUser, prepared_states: PreparedStates) -> User:
    return prepared.make(app) if holds(app, prepared._empty) else prepared_states.user(app, "ada", "user")


@pytest.fixture
def chief(app: Flask, prepared_states: PreparedStates) -> User:
    return prepared_states.user(app, "chief", "super_admin")


@pytest.fixture
def admin(app: Flask, prepared_states: PreparedStates) -> User:
    return prepared_states.user(app, "ines", "admin")


@pytest.fixture
def ines(app: Flask, admin: User, prepared_states: PreparedStates) -> Person:
    made = Person(app)

    def log_in() -> tuple[dict[Any, Any], TestResponse]:
        page = made.log_in("ines")
        return dict(made.client._cookies), page

    cookies, made.page = prepared_states.once(app, log_in, "login of ines")
    made.client._cookies = dict(cookies)
    return made


@pytest.fixture
def script(app: Flask, admin: User, prepared_states: PreparedStates) -> Script:
    def issue() -> str:
        return factories.api_token(app, admin, "admin:read", "admin:write").token

    return Script(app, prepared_states.once(app, issue, "token of ines"))
