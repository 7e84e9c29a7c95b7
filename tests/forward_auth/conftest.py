from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests import factories
from tests.forward_auth.lab import Lab, lab
from tests.forward_auth.proxy import SETTINGS, Proxied


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """A site that a reverse proxy may ask, with two users."""
    made = make_app(**SETTINGS)
    factories.user(made, "ada", role="admin", email="ada@example.org")
    factories.user(made, "bob")
    return made


@pytest.fixture
def proxy(app: Flask) -> Proxied:
    return Proxied(app)


@pytest.fixture(scope="session")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Lab]]:
    """Small apps behind real proxies, by the kind of the proxy."""
    with lab(tmp_path_factory.mktemp("lab")) as labs:
        yield labs
