"""A house with a name, for which browsers make passkeys."""

import pytest
from flask import Flask

from tests.second_factors import NAMED


@pytest.fixture
def app(make_app) -> Flask:
    return make_app(**NAMED)
