import pytest

from tests.federation.upstream import Upstream, provided


@pytest.fixture
def upstream(app) -> Upstream:
    """An identity provider that users can log in with."""
    made = Upstream()
    provided(app, made)
    return made
