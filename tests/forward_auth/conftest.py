from collections.abc import Iterator

import pytest
from flask import Flask

from tests import factories, restored_site
from tests.forward_auth.proxied_site import Lab, lab
from tests.forward_auth.proxy import SETTINGS, Proxied


def with_two_users(app: Flask) -> None:
    factories.user(app, "ada", role="admin", email="ada@example.org")
    factories.user(app, "bob")


# Sites that a reverse proxy may ask.
restored, app = restored_site.fixtures(with_two_users, **SETTINGS)


@pytest.fixture
def proxy(app: Flask) -> Proxied:
    return Proxied(app)


@pytest.fixture(scope="session")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Lab]]:
    """Small apps behind real proxies, by the kind of the proxy."""
    with lab(tmp_path_factory.mktemp("lab")) as labs:
        yield labs
