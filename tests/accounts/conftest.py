"""The mailbox of whoever the site writes to."""

import pytest
from flask import Flask

from tests import shared_site
from tests.mailbox import Mailbox
from tests.prepared_states import PreparedStates

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture(scope="session")
def prepared_states() -> PreparedStates:
    return PreparedStates()


@pytest.fixture
def mailbox(app: Flask) -> Mailbox:
    return Mailbox(app)
