"""The mailbox of whoever the site writes to."""

import pytest
from flask import Flask

from tests.mailbox import Mailbox


@pytest.fixture
def mailbox(app: Flask) -> Mailbox:
    return Mailbox(app)
