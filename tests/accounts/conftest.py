"""The mailbox of whoever the house writes to."""

import pytest
from flask import Flask

from tests.mailbox import Mailbox


@pytest.fixture
def mailbox(app: Flask) -> Mailbox:
    return Mailbox(app)
