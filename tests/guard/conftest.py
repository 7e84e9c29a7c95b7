"""A site that looks for tokens in cookies as well, and a page in a browser that has one."""

import pytest

from tests.guard.cookie_browsers import logged_in, with_cookies


@pytest.fixture
def site(make_app):
    return with_cookies(make_app)


@pytest.fixture
def page(site):
    return logged_in(site)
