"""A site that looks for tokens in cookies as well, and browsers that have one."""

import pytest

from tests import restored_site
from tests.guard.cookie_browsers import SETTINGS, browser_with, logged_in, with_pages, with_users

restored, site = restored_site.fixtures(with_users, routes=with_pages, **SETTINGS)


@pytest.fixture
def page(restored, site):
    return restored_site.copied_browser(restored.prepare(logged_in))


@pytest.fixture
def browser(restored, site):
    """Makes a browser with Ada's token in the cookie, and Boss's session."""

    def make(*, cookie, session):
        return restored_site.copied_browser(restored.prepare(browser_with, cookie, session))

    return make
