import pytest

from tests.oauth.app import App, registered


@pytest.fixture
def wiki(app) -> App:
    """A confidential app."""
    return registered(app, scopes=["protected:read"])
