import pytest

from tests import shared_site
from tests.browser import Person
from tests.federation.admin_pages import chief_of
from tests.federation.upstream import Upstream, provided

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture
def upstream(app) -> Upstream:
    """An identity provider that users can log in with."""
    made = Upstream()
    provided(app, made)
    return made


@pytest.fixture
def chief(app) -> Person:
    """A super admin, logged in."""
    return chief_of(app)
