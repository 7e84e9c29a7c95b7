"""The mailbox of whoever the site writes to."""

import pytest
from flask import Flask

from tests import shared_site
from tests.beginnings import Beginnings
from tests.mailbox import Mailbox

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture(scope="session")
def beginnings() -> Beginnings:
    return Beginnings()


@pytest.fixture
def mailbox(app: Flask) -> Mailbox:
    return Mailbox(app)
