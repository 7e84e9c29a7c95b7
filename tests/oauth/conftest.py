import pytest

from tests import shared_site
from tests.oauth.app import App, registered

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture
def wiki(app) -> App:
    """A confidential app."""
    return registered(app, scopes=["protected:read"])
