"""Noon, for whatever a login of a script does in time."""

import pytest
import time_machine

from tests import shared_site
from tests.login.scripts import NOON

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def printed(capsys):
    """What sites that the test makes itself have logged, once it is called."""
    pieces = []

    def read():
        pieces.append(capsys.readouterr().err)
        return "".join(pieces)

    return read
